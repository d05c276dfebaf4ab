import { checkConceptFileModel, readConceptFile } from '../../shared/concept-file.ts';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import type { PredictNoise } from '../ml/elite/unet-rows.ts';
import { encodeImage } from '../ml/image/encode-image.ts';
import { provenanceText } from '../ml/image/provenance-text.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { type GenerateProgress, generate } from '../ml/pipelines/generate.ts';
import { generationRequest } from '../ml/pipelines/generation-request.ts';
import type { Generated, GenerateRequest } from './protocol.ts';
import type { JobOptions } from './serve.ts';
import { createStopwatch } from './stopwatch.ts';

/** Draws a job's pictures and makes files of them. */
export async function generateJob(
  model: EliteModel,
  { job, input, embeddings }: GenerateRequest,
  { predictNoise, signal, onProgress }: JobOptions & { readonly predictNoise: PredictNoise },
): Promise<Generated> {
  const concepts = embeddings.map((file) => {
    const embedding = readConceptFile(file);
    checkConceptFileModel(embedding, model.description);
    return embedding;
  });
  const watch = createStopwatch();
  const timings = { encode_ms: 0, denoise_ms: 0, decode_ms: 0 };
  let truncated = false;

  const onEvent = (event: GenerateProgress) => {
    switch (event.type) {
      case 'prompt':
        truncated = event.truncated;
        timings.encode_ms += watch.lap();
        break;
      case 'step':
        timings.denoise_ms += watch.lap();
        onProgress(event.step, event.steps);
        break;
      case 'decoded':
        timings.decode_ms += watch.lap();
        onProgress(input.steps, input.steps); // the answer says whether to go on, between two images too
        break;
    }
  };
  const request = generationRequest(input, concepts);
  const pictures = await follow(generate(model, request, { signal, predictNoise }), onEvent);
  const images = await Promise.all(
    pictures.map(async (image) => {
      const { seed, width, height, safety } = image;
      const text = provenanceText({ prompt: input.prompt, seed, model: model.description.fingerprint });
      return { seed, width, height, safety, bytes: await encodeImage(image, input.format, text) };
    }),
  );
  timings.decode_ms += watch.lap();
  return { type: 'generated', job, images, prompt_truncated: truncated, timings };
}
