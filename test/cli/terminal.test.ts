import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createReport } from '../../gpu-worker/cli/terminal.ts';

function startReport({ json = false, isTTY = true } = {}) {
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
  const watched = Object.assign(stderr, { isTTY, columns: 100 });
  const terminal = { stdout, stderr: watched, env: {}, signal: new AbortController().signal };
  return { report: createReport(terminal, json), stdout, stderr };
}

describe('a progress bar', () => {
  it('shows what is done, of how much, and what is under way', () => {
    const { report, stdout, stderr } = startReport();
    const bar = report.startBar('Fetching', 2000, (bytes) => `${bytes / 1000} kB`);
    bar.update(2000, 'unet/model.bin');
    bar.stop();
    const written: string = stderr.read();
    expect(written).toContain('Fetching');
    expect(written).toContain('0 kB of 2 kB');
    expect(written).toContain('2 kB of 2 kB unet/model.bin');
    expect(stdout.read()).toBeNull();
  });

  it.each([
    ['nobody watches', { isTTY: false }],
    ['a program listens', { json: true }],
  ])('is not there when %s', (_, options) => {
    const { report, stderr } = startReport(options);
    const bar = report.startBar('Fetching', 2);
    bar.update(1);
    bar.stop();
    expect(stderr.read()).toBeNull();
  });
});

describe('an answer', () => {
  it('is words for people', () => {
    const { report, stdout } = startReport();
    report.answer('done\n\n', { done: true });
    expect(stdout.read()).toBe('done\n');
  });

  it('is one line of JSON for programs', () => {
    const { report, stdout } = startReport({ json: true });
    report.answer('done', { text: 'two\nlines' });
    expect(stdout.read()).toBe('{"text":"two\\nlines"}\n');
  });
});
