import type { EliteModel } from '../../../gpu-worker/ml/elite/elite-model.ts';
import type { GenerateRequest } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { golden, reference } from '../../parity/reference.ts';

/** One of the reference's concepts in the snow, in a few steps at the reference model's own size. */
export function referenceRequest({ config, description }: EliteModel): GenerateRequest {
  const [picture] = reference.pictures_order;
  const { words: wordCount, patches, wordSize: dim } = config.mapping;
  const embedding = {
    words: golden('mappers').floats(`${picture}/global`),
    local: golden('mappers').floats(`${picture}/local_masked`),
    wordCount,
    patches,
    dim,
  };
  const { width, height } = description.defaults;
  return {
    prompt: 'a S* in the snow',
    concepts: [{ embedding, token: 'S*', strength: 0.6, words: 'primary' }],
    negativePrompt: '',
    seed: 7,
    steps: 4,
    sampler: 'lms',
    guidanceScale: 5,
    numImages: 1,
    width,
    height,
  };
}
