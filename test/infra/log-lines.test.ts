import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { mergeLines } from '../../infra/local/log-lines.ts';

/** What is written of a process' output, which comes in pieces. */
async function written(...pieces: string[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = new PassThrough();
  mergeLines('worker', stream, (line) => lines.push(line));
  for (const piece of pieces) {
    stream.write(piece);
  }
  stream.end();
  await expect.poll(() => lines.length).toBe(pieces.join('').trimEnd().split('\n').length);
  return lines;
}

test('each line has the name of its process in front, however the output is cut', async () => {
  expect(await written('one\ntw', 'o\n')).toEqual(['worker │ one', 'worker │ two']);
});

test('a JSON log line is made readable, with its level when that is more than a notice', async () => {
  const fields = { time: 1, pid: 2, hostname: 'h', job: 'gen_1', encode_ms: 7 };
  const lines = [
    { level: 30, ...fields, msg: 'succeeded' },
    { level: 50, ...fields, err: { message: 'out of memory' }, msg: 'failed' },
  ];
  expect(await written(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))).toEqual([
    'worker │ succeeded job=gen_1 encode_ms=7',
    'worker │ error: failed job=gen_1 encode_ms=7 — out of memory',
  ]);
});

test('what only looks like JSON is passed on as it is', async () => {
  expect(await written('{ code: 1 }\n')).toEqual(['worker │ { code: 1 }']);
});
