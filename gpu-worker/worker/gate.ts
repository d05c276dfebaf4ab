import { untilAborted } from './until-aborted.ts';

type Waiting = { readonly alone: boolean; readonly open: () => void };

/** Many may be inside together, or one alone; they enter in the order they came. Entering resolves with the way out. */
export function createGate() {
  const queue: Waiting[] = [];
  let inside = 0;
  let occupiedAlone = false;

  function admit(): void {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (occupiedAlone || (next.alone && inside > 0)) {
        return;
      }
      queue.shift();
      inside++;
      occupiedAlone = next.alone;
      next.open();
    }
  }

  function leave(): void {
    inside--;
    occupiedAlone = false;
    admit();
  }

  return {
    async enter(options: { readonly alone: boolean; readonly signal: AbortSignal }): Promise<() => void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiting = { alone: options.alone, open: resolve };
      queue.push(waiting);
      admit();
      try {
        await untilAborted(promise, options.signal);
        return leave;
      } catch (error) {
        const index = queue.indexOf(waiting);
        if (index >= 0) {
          queue.splice(index, 1);
          admit();
        } else {
          leave();
        }
        throw error;
      }
    },
  };
}
