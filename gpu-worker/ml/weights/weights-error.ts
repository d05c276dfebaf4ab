/** A weight file that is missing, broken or refused. The message says which file, which tensor, what was expected and what came. */
export class WeightsError extends Error {
  override name = 'WeightsError';
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}
