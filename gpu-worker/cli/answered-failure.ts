/** What was asked for failed, and the answer has told how. */
export class AnsweredFailure extends Error {
  override readonly name = 'AnsweredFailure';
}
