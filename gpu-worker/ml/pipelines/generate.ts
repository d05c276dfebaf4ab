import { MAX_SEED, type Safety } from '../../../shared/generation.ts';
import type { SamplerName, Words } from '../../../shared/model-description.ts';
import { sampleLatents } from '../diffusion/sample-latents.ts';
import { samplers } from '../diffusion/samplers.ts';
import { torchGenerator } from '../diffusion/torch-generator.ts';
import type { ConceptEmbedding } from '../elite/concept.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import { type Condition, guidedNoise } from '../elite/guided-noise.ts';
import { chooseWords, placeWords } from '../elite/place-words.ts';
import type { PredictNoise } from '../elite/unet-rows.ts';
import { latentsToRgb } from '../image/latents-to-rgb.ts';
import type { Picture, PictureSize } from '../image/picture.ts';
import { encodeConceptPrompt, encodePrompt } from '../text/encode-prompt.ts';
import { progressChannel } from './progress-channel.ts';

/** A concept as it is used in one prompt. */
export type PromptConcept = {
  readonly embedding: ConceptEmbedding;
  /** How the prompt writes it, such as `S*`. */
  readonly token: string;
  /** λ, the weight of the concept's details: 0.6 to 0.8 in the paper. */
  readonly strength: number;
  readonly words: Words;
};

export type GenerateRequest = PictureSize & {
  readonly prompt: string;
  readonly concepts: readonly PromptConcept[];
  readonly negativePrompt: string;
  /** Image i starts from seed + i, which goes on from 0 behind the last seed. */
  readonly seed: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  /** 1 leaves the unconditional pass out. */
  readonly guidanceScale: number;
  /** The part of the run that is guided, as shares of its steps: all of it, [0, 1], when left out. Elsewhere a step costs half. */
  readonly guidanceInterval?: readonly [from: number, to: number];
  /** The UNet's inner layers run at every so many steps; in between, what they gave is used again, at a quarter of the cost. 1 when left out. */
  readonly reuse?: number;
  readonly numImages: number;
};

export type GenerateProgress =
  | { readonly type: 'prompt'; readonly truncated: boolean }
  /** Every image has made this many of its steps. */
  | { readonly type: 'step'; readonly step: number; readonly steps: number }
  | { readonly type: 'decoded'; readonly index: number };

export type GeneratedImage = Picture & {
  readonly seed: number;
  /** Black where the model's safety checker flagged it. */
  readonly safety: Safety;
};

/**
 * Draws `numImages` pictures of a prompt with a concept in it: text encoding, sampling with classifier-free guidance (both rows in one UNet
 * call), decoding. `predictNoise` stands in for the model's own, so that a server can batch rows of several jobs.
 *
 * @throws PromptError when the prompt lacks the token, also after it was cut to length; PlaceholderSpaceError when the words do not fit.
 */
export function generate(
  model: EliteModel,
  request: GenerateRequest,
  { signal, predictNoise = model.networks.predictNoise }: { signal?: AbortSignal; predictNoise?: PredictNoise } = {},
): AsyncGenerator<GenerateProgress, GeneratedImage[]> {
  const { numImages, steps, seed, width, height } = request;
  return progressChannel(async (emit, aborted) => {
    const { conditions, truncated } = await encodeConditions(model, request);
    emit({ type: 'prompt', truncated });
    const stepsMade = new Int32Array(numImages);
    const onStep = (image: number) => {
      const slowest = Math.min(...stepsMade);
      stepsMade[image]++;
      if (Math.min(...stepsMade) > slowest) emit({ type: 'step', step: slowest + 1, steps });
    };
    const images = Array.from({ length: numImages }, (_, image) => image);
    const seedOf = (image: number) => (seed + image) % (MAX_SEED + 1); // torch too takes the lower 32 bits
    const method = samplers[request.sampler];
    const plan = method.plan(model.schedule, steps);
    const { guidanceScale: scale, guidanceInterval = [0, 1], reuse } = request;
    const [from, to] = guidanceInterval.map((share) => Math.round(share * steps));
    const latents = await Promise.all(
      images.map((image) => {
        const { randn } = torchGenerator(seedOf(image));
        const start = randn(model.latentCount(request));
        const noisePrediction = guidedNoise(predictNoise, request, conditions, { scale, from, to, reuse });
        return sampleLatents(method, plan, start, noisePrediction, {
          noise: randn,
          onStep: () => onStep(image),
          signal: aborted,
        });
      }),
    );
    const pictures: GeneratedImage[] = [];
    for (const image of images) {
      aborted.throwIfAborted();
      const decoded = await model.networks.decodeLatents(request, latents[image]);
      const picture = { width, height, rgb: latentsToRgb(decoded, { width, height }) };
      pictures.push({ seed: seedOf(image), ...(await withVerdict(model, picture)) });
      emit({ type: 'decoded', index: image });
    }
    return pictures;
  }, signal);
}

/** What diffusers does with a flagged picture: it is replaced by a black one. */
async function withVerdict({ safetyChecker }: EliteModel, picture: Picture): Promise<Picture & { safety: Safety }> {
  if (!safetyChecker) return { ...picture, safety: 'unchecked' };
  const { flagged } = await safetyChecker.judge(picture);
  if (!flagged) return { ...picture, safety: 'passed' };
  return { ...picture, rgb: new Uint8Array(picture.rgb.length), safety: 'flagged' };
}

/** The rows of every denoising call: conditional, then unconditional, which guidance of 1 does without. */
async function encodeConditions(model: EliteModel, request: GenerateRequest) {
  const { networks, tokenizer, config } = model;
  const { positions } = config.text;
  const [concept] = request.concepts;
  const { embedding, strength } = concept;
  const encoded = encodeConceptPrompt(tokenizer, request.prompt, concept.token, positions);
  const { placeholderIndex, truncated } = encoded;
  const chosen = chooseWords(concept.words, embedding.wordCount);
  const placed = placeWords(encoded.tokenIds, placeholderIndex, chosen, embedding);
  const { words, local } = embedding;
  if (request.guidanceScale === 1) {
    const [context] = await networks.encodeText([{ ...placed, words }]);
    return { conditions: [{ context, local, placeholderIndex, strength }], truncated };
  }
  const negative = encodePrompt(tokenizer, request.negativePrompt, positions);
  const noWords = new Int32Array(embedding.wordCount).fill(-1);
  const [context, unconditional] = await networks.encodeText([
    { ...placed, words },
    { tokenIds: negative.tokenIds, wordPositions: noWords, words },
  ]);
  const conditions: Condition[] = [
    { context, local, placeholderIndex, strength },
    { context: unconditional, local, placeholderIndex: 0, strength: 0 },
  ];
  return { conditions, truncated };
}
