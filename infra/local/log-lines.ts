import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export type WriteLine = (line: string) => void;

const NAME_WIDTH = 6;
/** What pino puts into every line beside the message and its fields. */
const PINO_FIELDS = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);
const LEVEL_NAMES: Readonly<Record<number, string>> = { 40: 'warning:', 50: 'error:', 60: 'fatal:' };

/** Passes on each line of a process' output, readable and with the process' name in front. */
export function mergeLines(name: string, stream: Readable, write: WriteLine): void {
  const prefix = `${name.padEnd(NAME_WIDTH)} │ `;
  createInterface({ input: stream }).on('line', (line) => write(prefix + readable(line)));
}

/** JSON log lines as `message key=value …`; anything else as it is. */
function readable(line: string): string {
  if (!line.startsWith('{')) {
    return line;
  }
  try {
    const record: Record<string, unknown> = JSON.parse(line);
    const fields = Object.entries(record).filter(([key]) => !PINO_FIELDS.has(key));
    const text = fields.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    const error = record.err as { message?: string } | undefined;
    const parts = [LEVEL_NAMES[Number(record.level)], record.msg, ...text, error?.message && `— ${error.message}`];
    return parts.filter(Boolean).join(' ');
  } catch {
    return line;
  }
}
