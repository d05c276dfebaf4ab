/** Runs a pipeline to its end, handing each event to `onEvent`, and returns its result. */
export async function follow<Event, Result>(
  pipeline: AsyncGenerator<Event, Result>,
  onEvent: (event: Event) => void = () => {},
): Promise<Result> {
  for (;;) {
    const { done, value } = await pipeline.next();
    if (done) return value;
    onEvent(value);
  }
}
