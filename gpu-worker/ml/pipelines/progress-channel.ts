/**
 * Turns work that reports through callbacks into an async generator: `work` gets an `emit`, what it emits is yielded in order, its result is
 * returned. Leaving the generator early aborts the signal that `work` was given and waits for it to end, so nothing runs on unseen.
 */
export async function* progressChannel<Event, Result>(
  work: (emit: (event: Event) => void, signal: AbortSignal) => Promise<Result>,
  outerSignal?: AbortSignal,
): AsyncGenerator<Event, Result> {
  const abandoned = new AbortController();
  const signal = outerSignal ? AbortSignal.any([outerSignal, abandoned.signal]) : abandoned.signal;
  const events: Event[] = [];
  let wake = Promise.withResolvers<void>();
  let running = true;
  const result = work((event) => {
    events.push(event);
    wake.resolve();
  }, signal).finally(() => {
    running = false;
    wake.resolve();
  });
  result.catch(() => {}); // awaited below, or given up by the caller
  try {
    while (running || events.length > 0) {
      if (events.length === 0) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      yield* events.splice(0);
    }
    return await result;
  } finally {
    abandoned.abort();
    await result.catch(() => {});
  }
}
