import { expect, test } from 'vitest';
import type { EngineReply, GenerateRequest } from '../../gpu-worker/engine/protocol.ts';
import { createEngineServer, type Pipelines } from '../../gpu-worker/engine/serve.ts';
import { untilAborted } from '../../gpu-worker/worker/until-aborted.ts';
import { ConceptFileError } from '../../shared/concept-file.ts';
import { testModel } from '../shared/test-model.ts';

const load = { type: 'load', modelDir: 'any', provider: 'cpu', threads: null, safetyChecker: true } as const;

function generateRequest(job: string): GenerateRequest {
  const input = {
    prompt: 'a S*',
    negative_prompt: '',
    concepts: [],
    num_images: 1,
    seed: 0,
    steps: 2,
    sampler: 'lms',
    guidance_scale: 5,
    guidance_interval: { from: 0, to: 1 },
    reuse: 1,
    width: 64,
    height: 64,
    format: 'png',
  } as const;
  return { type: 'generate', job, input: { ...input, concepts: [] }, embeddings: [] };
}

function start(generate: Pipelines['generate']) {
  const replies: EngineReply[] = [];
  const pipelines: Pipelines = {
    model: testModel,
    generate,
    encode: async () => {
      throw new Error('not in these tests');
    },
  };
  const handle = createEngineServer(
    async () => pipelines,
    (reply) => replies.push(reply),
  );
  return { handle, replies };
}

const noImages = { images: [], prompt_truncated: false, timings: { encode_ms: 0, denoise_ms: 0, decode_ms: 0 } };

test('an engine answers each job once, after its progress', async () => {
  const { handle, replies } = start(async ({ job }, { onProgress }) => {
    onProgress(1, 2);
    return { type: 'generated', job, ...noImages };
  });
  await handle(load);
  await Promise.all([handle(generateRequest('a')), handle(generateRequest('b'))]);
  expect(replies.map((reply) => ('job' in reply ? `${reply.type} ${reply.job}` : reply.type))).toEqual([
    'ready',
    'progress a',
    'progress b',
    'generated a',
    'generated b',
  ]);
});

test('a cancelled job is answered with stopped, and the others go on', async () => {
  const finish = Promise.withResolvers<void>();
  const { handle, replies } = start(async ({ job }, { signal }) => {
    await untilAborted(finish.promise, signal);
    return { type: 'generated', job, ...noImages };
  });
  await handle(load);
  const jobs = [handle(generateRequest('a')), handle(generateRequest('b'))];
  await handle({ type: 'cancel', job: 'a' });
  await handle({ type: 'cancel', job: 'unknown' });
  finish.resolve();
  await Promise.all(jobs);
  expect(replies.slice(1)).toMatchObject([
    { type: 'stopped', job: 'a' },
    { type: 'generated', job: 'b' },
  ]);
});

test.each([
  [new ConceptFileError('of another model'), 'model_mismatch'],
  [new TypeError('nobody thought of this'), 'engine_failed'],
])('a job that throws %s fails with its code and words', async (error, code) => {
  const { handle, replies } = start(async () => {
    throw error;
  });
  await handle(load);
  await handle(generateRequest('a'));
  expect(replies.at(-1)).toEqual({ type: 'failed', job: 'a', code, message: error.message });
});

test('what is no message of the protocol is the end of the engine', async () => {
  const { handle } = start(async ({ job }) => ({ type: 'generated', job, ...noImages }));
  await expect(handle({ type: 'generate', job: 'a' })).rejects.toThrow();
  await expect(handle('load')).rejects.toThrow();
});
