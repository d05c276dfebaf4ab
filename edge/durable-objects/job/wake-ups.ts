/** Callers that wait for something to happen, each with its own patience. */
export function createWakeUps() {
  const waiting = new Set<() => void>();

  return {
    wakeAll(): void {
      for (const wake of [...waiting]) {
        wake();
      }
    },

    wait(patienceMs: number): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(wake, patienceMs);
        function wake() {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
        waiting.add(wake);
      });
    },
  };
}
