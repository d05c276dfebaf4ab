import { SingleBar } from 'cli-progress';

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command has of the world outside the files it is told about. */
export type Terminal = {
  /** Answers go here. */
  readonly stdout: Output;
  /** Everything else: progress, notes, complaints. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
};

/** How a command speaks. */
export type Report = {
  /** The answer: `text` for people, or one line of JSON where `--json` was given. */
  answer(text: string, json: Readonly<Record<string, unknown>>): void;
  /** Something worth knowing that is not the answer. */
  note(text: string): void;
  /** A progress bar; none where nobody watches. */
  startBar(title: string, total: number, format?: (value: number) => string): Bar;
};

export type Bar = { update(value: number, detail?: string): void; stop(): void };

export function createReport({ stdout, stderr }: Terminal, json: boolean): Report {
  return {
    answer: (text, value) => {
      stdout.write(`${json ? JSON.stringify(value) : text.trimEnd()}\n`);
    },
    note: (text) => {
      stderr.write(`${text}\n`);
    },
    startBar: (title, total, format = String) => {
      if (json || !stderr.isTTY) return { update: () => {}, stop: () => {} };
      const bar = new SingleBar({
        stream: stderr,
        format: `${title} {bar} {done} of {all} {detail}`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 30,
        hideCursor: true,
        clearOnComplete: true,
      });
      const shown = (value: number, detail = '') => ({ done: format(value), all: format(total), detail });
      bar.start(total, 0, shown(0));
      return { update: (value, detail) => bar.update(value, shown(value, detail)), stop: () => bar.stop() };
    },
  };
}
