import { type ChildProcess, fork } from 'node:child_process';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../gpu-worker/worker/clock.ts';
import { type Engine, type JobOptions, startEngine } from '../../gpu-worker/worker/engine.ts';
import { testModel } from '../shared/test-model.ts';
import { createFakeClock } from './fake-clock.ts';

const forked: ChildProcess[] = [];
const engines: Engine[] = [];

/** Real processes, of the scripted engine. */
async function start({ modelDir = 'any', clock = systemClock, onFork = (_child: ChildProcess) => {} } = {}) {
  const engine = await startEngine({
    load: { type: 'load', modelDir, provider: 'cpu', threads: null, safetyChecker: true },
    fork: () => {
      const child = fork(new URL('scripted-engine.ts', import.meta.url), {
        serialization: 'advanced',
        execArgv: [],
        silent: true,
      });
      forked.push(child);
      onFork(child);
      return child;
    },
    clock,
    log: pino({ enabled: false }),
  });
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  expect(forked.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toEqual([]);
});

let jobs = 0;

function generate(engine: Engine, prompt: string, options: Partial<JobOptions> = {}) {
  const input = {
    prompt,
    negative_prompt: '',
    concepts: [],
    num_images: 1,
    seed: 0,
    steps: 9,
    sampler: 'lms',
    guidance_scale: 5,
    guidance_interval: { from: 0, to: 1 },
    reuse: 1,
    width: 64,
    height: 64,
    format: 'png',
  } as const;
  const request = { job: `job ${++jobs}`, input: { ...input, concepts: [] }, embeddings: [] };
  return engine.generate(request, { signal: new AbortController().signal, alone: false, ...options });
}

/** Starts a job and waits until the engine is in the middle of it. */
async function running(engine: Engine, prompt: string, options: Partial<JobOptions> = {}) {
  const { promise: entered, resolve } = Promise.withResolvers<void>();
  const result = generate(engine, prompt, { ...options, onProgress: () => resolve() });
  result.catch(() => {}); // the test looks at it later
  await entered;
  return { result };
}

describe('the engine', () => {
  test('describes its model when it has started, and moves bytes and progress', async () => {
    const engine = await start();
    expect(engine.model).toEqual(testModel);
    const photo = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    const encoded = await engine.encode(
      { job: 'a', photo, mask: null },
      { signal: new AbortController().signal, alone: false },
    );
    expect(Buffer.compare(encoded.photo, photo)).toBe(0);
    const steps: number[][] = [];
    await generate(engine, 'anything', { onProgress: (...step) => steps.push(step) });
    expect(steps).toEqual([[1, 9]]);
  });

  test('does not start, and tries no second time, when the model cannot be loaded', async () => {
    await expect(start({ modelDir: 'broken' })).rejects.toThrow('ended with code 1 before its model was loaded');
    expect(forked).toHaveLength(1);
  });

  test('passes on how a job failed', async () => {
    await expect(generate(await start(), 'fail')).rejects.toMatchObject({
      code: 'engine_failed',
      message: 'the model failed',
    });
  });

  test('rejects every job of a process that dies, and runs the next ones in another', async () => {
    const engine = await start();
    const other = await running(engine, 'until canceled');
    await expect(generate(engine, 'crash')).rejects.toMatchObject({ code: 'engine_failed' });
    await expect(other.result).rejects.toMatchObject({ code: 'engine_failed', transient: true });
    const { timings } = await generate(engine, 'anything');
    expect(timings.decode_ms).toBe(forked[1]?.pid);
  });

  test('takes a process that speaks nonsense for dead', async () => {
    const engine = await start();
    await expect(generate(engine, 'nonsense')).rejects.toMatchObject({ code: 'engine_failed' });
    await generate(engine, 'anything');
  });

  test('lets go of a cancelled job with the reason of its signal', async () => {
    const engine = await start();
    const canceled = new AbortController();
    const job = await running(engine, 'until canceled', { signal: canceled.signal });
    canceled.abort(new Error('nobody wants it'));
    await expect(job.result).rejects.toThrow('nobody wants it');
    expect(forked).toHaveLength(1);
  });

  test('kills a process that does not let go of a cancelled job', async () => {
    const clock = createFakeClock();
    const engine = await start({ clock });
    const canceled = new AbortController();
    const job = await running(engine, 'never', { signal: canceled.signal });
    canceled.abort(new Error('nobody wants it'));
    await clock.advance(120_000);
    await expect(job.result).rejects.toThrow('nobody wants it');
    expect(forked[0]?.signalCode).toBe('SIGKILL');
  });

  test('runs a job alone when asked to, before those that came later', async () => {
    const engine = await start();
    const canceled = new AbortController();
    const first = await running(engine, 'until canceled', { signal: canceled.signal });
    const order: string[] = [];
    const alone = generate(engine, 'alone', { alone: true }).then(() => order.push('alone'));
    const later = generate(engine, 'later').then(() => order.push('later'));
    await generate(engine, 'outdated', { signal: AbortSignal.abort(new Error('gone')) }).catch(() => {});
    expect(order).toEqual([]);
    canceled.abort(new Error('done'));
    await expect(first.result).rejects.toThrow('done');
    await Promise.all([alone, later]);
    expect(order).toEqual(['alone', 'later']);
  });

  test('is lost when no process can be brought up again', async () => {
    const clock = createFakeClock();
    const onFork = (child: ChildProcess) => forked.length > 1 && child.kill('SIGKILL');
    const engine = await start({ clock, onFork });
    const lost = engine.lost.catch((error) => error);
    forked[0]?.kill('SIGKILL');
    expect(await clock.advanceUntilSettled(lost)).toMatchObject({ code: 'engine_failed' });
    expect(forked).toHaveLength(6);
  });
});
