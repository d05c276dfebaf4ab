/** A download that cannot be had, or is not what it should be. The message says which, what was expected and what came. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`${source}: ${problem}`, options);
  }
}
