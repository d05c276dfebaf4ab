export type Stopwatch = {
  /** Whole milliseconds since the last lap, or the start; fractions are carried over. */
  lap(): number;
};

export function createStopwatch(now: () => number = () => performance.now()): Stopwatch {
  let reported = now();
  return {
    lap() {
      const elapsedMs = Math.floor(now() - reported);
      reported += elapsedMs;
      return elapsedMs;
    },
  };
}
