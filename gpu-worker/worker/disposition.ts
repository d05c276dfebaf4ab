/** What becomes of a queue message once its handler is through. */
export type Disposition =
  /** Its job has its end, and the job knows. */
  | { readonly action: 'delete' }
  /** Someone tries again, in so many seconds. */
  | { readonly action: 'retry'; readonly delaySeconds: number }
  /** It is another attempt's to settle. */
  | { readonly action: 'leave' };

/** Redelivered at once, that is: never 0, which some queues take to mean something else. */
export const SOON_SECONDS = 1;

const FIRST_DELAY_SECONDS = 2;
const MAX_DELAY_SECONDS = 300;

/** Doubling with each delivery: a broken dependency is not hammered, a lost worker not waited for long. */
export function retryDelaySeconds(receiveCount: number): number {
  return Math.min(FIRST_DELAY_SECONDS * 2 ** (receiveCount - 1), MAX_DELAY_SECONDS);
}
