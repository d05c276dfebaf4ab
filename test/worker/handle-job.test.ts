import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { Encoded, Generated } from '../../gpu-worker/engine/protocol.ts';
import type { Engine } from '../../gpu-worker/worker/engine.ts';
import { createJobHandler } from '../../gpu-worker/worker/handle-job.ts';
import { JobFault } from '../../gpu-worker/worker/job-fault.ts';
import { StoppedError } from '../../gpu-worker/worker/stopped.ts';
import { untilAborted } from '../../gpu-worker/worker/until-aborted.ts';
import { newAttemptId, newId } from '../../shared/ids.ts';
import { type JobResult, jobResultSchema } from '../../shared/job-result.ts';
import { embeddingKey, resultKey, uploadedMaskKey, uploadedPhotoKey } from '../../shared/object-keys.ts';
import { type EncodeMessage, type GenerateMessage, serialiseQueueMessage } from '../../shared/queue-message.ts';
import { testModel } from '../shared/test-model.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeJob } from './fake-job.ts';
import { createMemoryStore } from './memory-store.ts';

const SECRET = 'between worker and edge';
const clockAtStart = createFakeClock().now();
const accountId = newId('account', clockAtStart);
const conceptId = newId('concept', clockAtStart);
const generationId = newId('generation', clockAtStart);
const conceptEmbedding = embeddingKey(accountId, conceptId, newAttemptId(clockAtStart));

const envelope = {
  version: 1,
  account_id: accountId,
  model: testModel.fingerprint,
  deadline: new Date(clockAtStart + 600_000).toISOString(),
  traceparent: null,
} as const;

const encodeMessage: EncodeMessage = {
  ...envelope,
  kind: 'encode',
  job_id: conceptId,
  input: {
    photo_key: uploadedPhotoKey(accountId, conceptId),
    mask_key: uploadedMaskKey(accountId, conceptId),
    mask_source: 'upload',
  },
};

const generateMessage: GenerateMessage = {
  ...envelope,
  kind: 'generate',
  job_id: generationId,
  input: {
    prompt: 'a S*',
    negative_prompt: '',
    concepts: [{ embedding_key: conceptEmbedding, token: 'S*', strength: 0.8, words: 'primary' }],
    num_images: 2,
    seed: 42,
    steps: 3,
    sampler: 'lms',
    guidance_scale: 5,
    guidance_interval: { from: 0, to: 1 },
    reuse: 1,
    width: 64,
    height: 64,
    format: 'png',
  },
};

const encoded: Encoded = {
  type: 'encoded',
  job: '',
  embedding: Uint8Array.of(1),
  photo: Uint8Array.of(2),
  mask: Uint8Array.of(3),
  timings: { encode_ms: 7 },
};

const generated: Generated = {
  type: 'generated',
  job: '',
  images: [42, 43].map((seed) => ({
    bytes: Uint8Array.of(seed),
    seed,
    width: 64,
    height: 64,
    safety: 'passed' as const,
  })),
  prompt_truncated: false,
  timings: { encode_ms: 1, denoise_ms: 2, decode_ms: 3 },
};

/** A worker that has one job, its uploads and its concept, and an engine that does as told. */
function setUp(engine: Partial<Engine> = {}) {
  const clock = createFakeClock();
  const { store, objects } = createMemoryStore();
  const job = createFakeJob(SECRET);
  const runs: string[] = [];
  const handle = createJobHandler({
    engine: {
      model: testModel,
      lost: new Promise(() => {}),
      encode: async (request) => {
        runs.push('encode');
        return { ...encoded, job: request.job };
      },
      generate: async (request) => {
        runs.push('generate');
        return { ...generated, job: request.job };
      },
      stop: async () => {},
      ...engine,
    },
    store,
    edge: { origin: 'http://edge.test', secret: SECRET, fetch: job.fetch, clock },
    log: pino({ enabled: false }),
  });
  objects.set(uploadedPhotoKey(accountId, conceptId), Uint8Array.of(9));
  objects.set(uploadedMaskKey(accountId, conceptId), Uint8Array.of(9));
  objects.set(conceptEmbedding, Uint8Array.of(8));
  const worker = new AbortController();
  const deliver = (message: EncodeMessage | GenerateMessage | string, receiveCount = 1) => {
    const body = typeof message === 'string' ? message : serialiseQueueMessage(message);
    return handle({ body, receiptHandle: 'handle', receiveCount }, worker.signal);
  };
  const result = (jobId: string): JobResult =>
    jobResultSchema.parse(JSON.parse(new TextDecoder().decode(objects.get(resultKey(accountId, jobId)))));
  return { clock, objects, store, job, runs, worker, deliver, result };
}

describe('an encode', () => {
  test('stores what it made, then its result, deletes the raw uploads, then tells the job', async () => {
    const { store, objects, job, deliver, result } = setUp();
    const order: string[] = [];
    const { put, putOnce, delete: remove } = store;
    const note = (verb: string, key: string) => {
      order.push(`${verb} ${key.split('/').at(-1)}${job.end ? ' too late' : ''}`);
    };
    store.put = (key, ...rest) => {
      note('put', key);
      return put(key, ...rest);
    };
    store.putOnce = (key, ...rest) => {
      note('put', key);
      return putOnce(key, ...rest);
    };
    store.delete = (key) => {
      note('delete', key);
      return remove(key);
    };

    expect(await deliver(encodeMessage)).toEqual({ action: 'delete' });
    expect(order).toEqual([
      'put photo.webp',
      'put mask.png',
      'put embedding.safetensors',
      'put result.json',
      'delete photo',
      'delete mask',
    ]);
    const stored = result(conceptId);
    expect(job.events.map(({ type }) => type)).toEqual(['started', 'succeeded']);
    expect(job.events.at(-1)).toMatchObject({ result: stored });
    expect(stored).toMatchObject({ kind: 'encode', timings: { encode_ms: 7 } });
    expect(objects.has(stored.kind === 'encode' ? stored.embedding_key : '')).toBe(true);
  });

  test('ends as failed with the code and reason of bad pixels, leaving nothing of its own behind', async () => {
    const { objects, job, deliver } = setUp({
      encode: async () => {
        throw new JobFault('mask_empty', 'the mask is black everywhere');
      },
    });
    const before = [...objects.keys()];
    expect(await deliver(encodeMessage)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'mask_empty', message: 'the mask is black everywhere', retryable: false },
    });
    expect([...objects.keys()]).toEqual(before);
  });
});

describe('a generation', () => {
  test('stores its images under its attempt and names them in the result', async () => {
    const { objects, job, deliver, result } = setUp();
    expect(await deliver(generateMessage)).toEqual({ action: 'delete' });
    const stored = result(generationId);
    expect(stored.kind === 'generate' && stored.images.map(({ key, seed }) => [objects.get(key)?.[0], seed])).toEqual([
      [42, 42],
      [43, 43],
    ]);
    expect(stored.kind === 'generate' && stored.images.every(({ key }) => key.includes(stored.attempt))).toBe(true);
    expect(job.end).toBe('succeeded');
  });

  test('fails when a concept of it was deleted', async () => {
    const { objects, job, runs, deliver } = setUp();
    objects.delete(conceptEmbedding);
    expect(await deliver(generateMessage)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'gone' } });
    expect(runs).toEqual([]);
  });

  test('stops when the job is cancelled while it runs, and leaves no image', async () => {
    const { clock, objects, job, deliver } = setUp({
      generate: (_request, { signal, onProgress }) => {
        job.end = 'canceled';
        onProgress?.(1, 3);
        return untilAborted(new Promise(() => {}), signal);
      },
    });
    const before = [...objects.keys()];
    expect(await clock.advanceUntilSettled(deliver(generateMessage))).toEqual({ action: 'delete' });
    expect(job.events.map(({ type }) => type)).toEqual(['started', 'progress']);
    expect([...objects.keys()]).toEqual(before);
  });

  test('ends as failed at its deadline', async () => {
    const { clock, job, deliver } = setUp({
      generate: (_request, { signal }) => untilAborted(new Promise(() => {}), signal),
    });
    expect(await clock.advanceUntilSettled(deliver(generateMessage))).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({ error: { code: 'deadline_exceeded', retryable: true } });
    expect(Date.parse(job.events.at(-1)?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(generateMessage.deadline));
  });
});

describe('a redelivered message', () => {
  test('whose result exists is acknowledged again, without a second run', async () => {
    const { job, runs, deliver, result } = setUp();
    await deliver(generateMessage);
    const first = result(generationId);
    job.end = null; // as if it had not heard
    job.events.length = 0;
    expect(await deliver(generateMessage, 2)).toEqual({ action: 'delete' });
    expect(runs).toEqual(['generate']);
    expect(job.events).toMatchObject([{ type: 'succeeded', result: first }]);
    expect(job.events[0]?.attempt).not.toBe(first.attempt);
  });

  test('of a job that has its end is deleted without a run', async () => {
    const { job, runs, deliver } = setUp();
    job.end = 'canceled';
    expect(await deliver(generateMessage, 2)).toEqual({ action: 'delete' });
    expect(runs).toEqual([]);
  });

  test('is left to the newer attempt by one that was overtaken, which leaves no image', async () => {
    const { clock, objects, job, deliver } = setUp({
      generate: (_request, { signal, onProgress }) => {
        job.attempts.push('a newer one');
        onProgress?.(1, 3);
        return untilAborted(new Promise(() => {}), signal);
      },
    });
    const before = [...objects.keys()];
    expect(await clock.advanceUntilSettled(deliver(generateMessage))).toEqual({ action: 'leave' });
    expect(job.end).toBe(null);
    expect([...objects.keys()]).toEqual(before);
  });

  test('runs alone, in case it is what took an engine down', async () => {
    const alone: boolean[] = [];
    const { deliver } = setUp({
      generate: async (request, options) => {
        alone.push(options.alone);
        throw new JobFault('engine_failed', `the engine ended under ${request.job}`);
      },
    });
    await deliver(generateMessage, 1);
    await deliver(generateMessage, 2);
    expect(alone).toEqual([false, true]);
  });

  test('ends in failure with a reason when every attempt takes the engine down', async () => {
    const { job, deliver } = setUp({
      generate: async () => {
        throw new JobFault('engine_failed', 'the engine ended with signal SIGSEGV');
      },
    });
    const delays = [];
    for (const receiveCount of [1, 2, 3, 4]) {
      delays.push(await deliver(generateMessage, receiveCount));
    }
    expect(delays).toEqual([2, 4, 8, 16].map((delaySeconds) => ({ action: 'retry', delaySeconds })));
    expect(job.end).toBe(null);
    expect(await deliver(generateMessage, 5)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'engine_failed', message: 'the engine ended with signal SIGSEGV', retryable: true },
    });
  });

  test('ends in failure, without another run, when the workers before died without a word', async () => {
    const { job, runs, deliver } = setUp();
    expect(await deliver(generateMessage, 6)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_failed' } });
    expect(runs).toEqual([]);
  });
});

describe('the last delivery', () => {
  test('never fails a job that has a result, although the edge refused to hear of it', async () => {
    const { job, deliver, result } = setUp();
    await deliver(generateMessage);
    job.end = null; // as if it had not heard
    job.outages = [403];
    expect(await deliver(generateMessage, 5)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({ type: 'succeeded', result: result(generationId) });
  });

  test('never fails a job whose result was written with its answer lost', async () => {
    const { store, job, deliver } = setUp();
    const { putOnce } = store;
    store.putOnce = async (key, bytes, contentType) => {
      await putOnce(key, bytes, contentType);
      throw new Error('the connection was reset');
    };
    expect(await deliver(generateMessage, 5)).toEqual({ action: 'delete' });
    expect(job.end).toBe('succeeded');
  });
});

describe('two attempts at once', () => {
  test('agree on the result that was written first, and the other images go', async () => {
    const { store, objects, job, deliver, result } = setUp();
    const { putOnce } = store;
    const before = [...objects.keys()];
    const competitor = setUp();
    await competitor.deliver(generateMessage);
    const theirs = competitor.result(generationId);
    store.putOnce = async (key, bytes, contentType) => {
      objects.set(key, competitor.objects.get(key) ?? new Uint8Array());
      return putOnce(key, bytes, contentType);
    };
    expect(await deliver(generateMessage)).toEqual({ action: 'delete' });
    expect(result(generationId)).toEqual(theirs);
    expect(job.events.at(-1)).toMatchObject({ type: 'succeeded', result: theirs });
    expect([...objects.keys()]).toEqual([...before, resultKey(accountId, generationId)]);
  });

  test('keeps its own images when the answer to its own result was lost', async () => {
    const { store, objects, deliver, result } = setUp();
    const { putOnce } = store;
    store.putOnce = async (key, bytes, contentType) => {
      await putOnce(key, bytes, contentType);
      return 'taken';
    };
    expect(await deliver(generateMessage)).toEqual({ action: 'delete' });
    const stored = result(generationId);
    expect(stored.kind === 'generate' && stored.images.every(({ key }) => objects.has(key))).toBe(true);
  });

  test('keeps the images when it cannot know whether its result was written', async () => {
    const { store, objects, job, deliver } = setUp();
    const before = objects.size;
    store.putOnce = async () => {
      throw new Error('the connection was reset');
    };
    expect(await deliver(generateMessage)).toEqual({ action: 'retry', delaySeconds: 2 });
    expect(objects.size).toBe(before + 2);
    expect(job.end).toBe(null);
  });
});

describe('a message', () => {
  test('carries its trace to the events of its job', async () => {
    const { job, deliver } = setUp();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await deliver({ ...generateMessage, traceparent });
    expect(job.traceparents).toEqual([traceparent, traceparent]);
  });

  test('stays held while the edge cannot be reached', async () => {
    const { clock, job, deliver } = setUp();
    job.outages = ['unreachable', 500, 429];
    expect(await clock.advanceUntilSettled(deliver(generateMessage))).toEqual({ action: 'delete' });
    expect(job.events.map(({ type, seq }) => [type, seq])).toEqual([
      ['started', 0],
      ['succeeded', 1],
    ]);
  });

  test('is told again under the same number when the answer was lost', async () => {
    const { clock, job, deliver } = setUp();
    job.outages = ['answer lost'];
    await clock.advanceUntilSettled(deliver(generateMessage));
    expect(job.events.map(({ type, seq }) => [type, seq])).toEqual([
      ['started', 0],
      ['started', 0],
      ['succeeded', 1],
    ]);
  });

  test('goes back to the queue, its result kept, when the worker drains before the job has acknowledged', async () => {
    const { clock, job, worker, objects, deliver } = setUp({
      generate: async (request) => {
        job.outages = Array(100).fill('unreachable');
        clock.sleep(1000).then(() => worker.abort(new StoppedError('draining')));
        return { ...generated, job: request.job };
      },
    });
    const disposition = clock.advanceUntilSettled(deliver(generateMessage));
    expect(await disposition).toEqual({ action: 'retry', delaySeconds: 1 });
    expect(objects.has(resultKey(accountId, generationId))).toBe(true);
  });

  test('is left to its visibility when the lease is lost', async () => {
    const { worker, deliver } = setUp({
      generate: async (_request, { signal }) => {
        worker.abort(new StoppedError('lease_lost'));
        throw signal.reason;
      },
    });
    expect(await deliver(generateMessage)).toEqual({ action: 'leave' });
  });

  test('for another model is left to another worker, and fails when there is none', async () => {
    const { job, runs, deliver } = setUp();
    const message = { ...generateMessage, model: 'another' };
    expect(await deliver(message)).toEqual({ action: 'retry', delaySeconds: 2 });
    expect(await deliver(message, 5)).toEqual({ action: 'delete' });
    expect(job.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'model_mismatch' } });
    expect(runs).toEqual([]);
  });

  test('of a version it does not know is left to another worker, then fails its job', async () => {
    const { job, deliver } = setUp();
    const message = JSON.stringify({ ...generateMessage, version: 2 });
    expect(await deliver(message)).toEqual({ action: 'retry', delaySeconds: 2 });
    expect(await deliver(message, 5)).toEqual({ action: 'delete' });
    expect(job.events).toMatchObject([{ type: 'failed', error: { code: 'internal' } }]);
  });

  test.each(['', '{', '"text"', '{"job_id":"con_1"}'])('that names no job is never deleted: %j', async (body) => {
    const { job, deliver } = setUp();
    expect(await deliver(body)).toMatchObject({ action: 'retry' });
    expect(await deliver(body, 9)).toMatchObject({ action: 'retry' });
    expect(job.events).toEqual([]);
  });

  test('whose uploads are gone is tried again: another attempt may have come to its end', async () => {
    const { objects, job, deliver } = setUp();
    objects.delete(uploadedPhotoKey(accountId, conceptId));
    expect(await deliver(encodeMessage)).toEqual({ action: 'retry', delaySeconds: 2 });
    expect(job.end).toBe(null);
  });

  test('is refused by an edge with another secret, and not deleted', async () => {
    const { job, deliver } = setUp();
    job.outages = [403];
    expect(await deliver(generateMessage)).toEqual({ action: 'retry', delaySeconds: 2 });
  });
});
