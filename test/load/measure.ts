import { readFileSync } from 'node:fs';

export type Timing = {
  /** Wall time. */
  readonly seconds: number;
  /** Processor time of this process. */
  readonly cpuSeconds: number;
  /** Processors that others kept busy meanwhile; not a number where the system does not say. */
  readonly othersBusy: number;
};

export async function time(work: () => Promise<unknown>): Promise<Timing> {
  const machine = machineBusySeconds();
  const own = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(own);
  const cpuSeconds = (user + system) / 1e6;
  return { seconds, cpuSeconds, othersBusy: Math.max(0, machineBusySeconds() - machine - cpuSeconds) / seconds };
}

/** Processor time spent on anything since the machine started, in Linux's hundredths of a second. */
function machineBusySeconds(): number {
  const [, user, nice, system, , , irq, softIrq, steal] = readOptional('/proc/stat').split(/\s+/).map(Number);
  return (user + nice + system + irq + softIrq + steal) / 100;
}

export type Memory = {
  /** Pages that only this process can have: its heap and what it allocated. */
  readonly privateBytes: number;
  /** Resident pages of files, which the system shares between processes and can drop: the weights. */
  readonly mappedBytes: number;
  readonly peakBytes: number;
};

/** Linux only: zeros elsewhere. */
export function processMemory(): Memory {
  const rollup = readOptional('/proc/self/smaps_rollup');
  const kilobytes = (name: string, text = rollup) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  const privateBytes = kilobytes('Anonymous') * 1024;
  return {
    privateBytes,
    mappedBytes: kilobytes('Rss') * 1024 - privateBytes,
    peakBytes: kilobytes('VmHWM', readOptional('/proc/self/status')) * 1024,
  };
}

function readOptional(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
