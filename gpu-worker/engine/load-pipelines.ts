import { loadModel } from '../ml/elite/load-model.ts';
import { unverifiedNote } from '../ml/elite/targets.ts';
import { batchNoise } from './batch-noise.ts';
import { encodeJob } from './encode-job.ts';
import { generateJob } from './generate-job.ts';
import type { LoadRequest } from './protocol.ts';
import type { Pipelines } from './serve.ts';

/** Four jobs of one image with guidance, and the largest batch that an accelerator is ready for. More rows a call make every job wait longer for its step. */
const MAX_BATCH_ROWS = 8;

/** The model at work, the steps of its jobs batched. */
export async function loadPipelines(request: LoadRequest): Promise<Pipelines> {
  const { modelDir, provider, threads, safetyChecker } = request;
  const options = { provider: provider ?? undefined, threads: threads ?? undefined, safetyChecker };
  const model = await loadModel(modelDir, options);
  const note = unverifiedNote(model.target);
  if (note) console.warn(note);
  const predictNoise = batchNoise(model.networks.predictNoise, { maxRows: MAX_BATCH_ROWS });
  return {
    model: model.description,
    encode: (request, options) => encodeJob(model, request, options),
    generate: (request, options) => generateJob(model, request, { ...options, predictNoise }),
  };
}
