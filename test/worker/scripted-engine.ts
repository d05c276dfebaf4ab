import { createEngineServer, type Pipelines } from '../../gpu-worker/engine/serve.ts';
import { testModel } from '../shared/test-model.ts';

/**
 * An engine process without a model: it does what the prompt says. Forked by tests; `modelDir` says how it starts.
 */
process.on('disconnect', () => process.exit());

const pipelines: Pipelines = {
  model: testModel,
  encode: async ({ job, photo }) => ({
    type: 'encoded',
    job,
    embedding: photo,
    photo,
    mask: null,
    timings: { encode_ms: 0 },
  }),
  generate: async ({ job, input }, { signal, onProgress }) => {
    onProgress(1, input.steps);
    switch (input.prompt) {
      case 'crash':
        process.kill(process.pid, 'SIGKILL');
        break;
      case 'nonsense':
        process.send?.({ type: 'neither of the protocol' });
        break;
      case 'until canceled':
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        break;
      case 'never':
        await new Promise(() => {});
        break;
      case 'fail':
        throw new Error('the model failed');
    }
    return {
      type: 'generated',
      job,
      images: [],
      prompt_truncated: false,
      timings: { encode_ms: 0, denoise_ms: 0, decode_ms: process.pid },
    };
  },
};

const handle = createEngineServer(
  async ({ modelDir }) => {
    if (modelDir === 'broken') {
      throw new Error('expected weights, got none');
    }
    return pipelines;
  },
  (reply) => process.send?.(reply),
);

process.on('message', (message) => {
  handle(message).catch(() => process.exit(1));
});
