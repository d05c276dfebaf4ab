import { ProblemError } from '../../client/create-client.ts';

/** What to tell the reader of the page about a failure, in the service's own words where it gave any. */
export function errorText(error: unknown): string {
  if (error instanceof ProblemError) {
    return error.problem.code === 'unauthenticated'
      ? 'The token of this page has expired; open it with a new one.'
      : error.problem.detail;
  }
  return error instanceof TypeError ? 'The service did not answer.' : String(error);
}
