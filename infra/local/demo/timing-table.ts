export type Timing = { readonly what: string; readonly ms: number | null; readonly within?: boolean };

/** Right-aligned seconds; what is part of the line above is indented. */
export function timingTable(timings: readonly Timing[]): string {
  const names = timings.map(({ what, within }) => (within ? `  ${what}` : what));
  const nameWidth = Math.max(...names.map(({ length }) => length));
  const seconds = timings.map(({ ms }) => (ms === null ? '–' : (ms / 1000).toFixed(2)));
  const secondsWidth = Math.max(...seconds.map(({ length }) => length));
  return names.map((name, i) => `${name.padEnd(nameWidth)}  ${seconds[i].padStart(secondsWidth)} s`).join('\n');
}
