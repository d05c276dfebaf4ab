import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { checkDigests, checkNamesAndShapes, checkValues } from '../elite/check-folder.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import { loadModel } from '../elite/load-model.ts';
import { type Comparison, compareReference } from '../evaluation/compare-reference.ts';
import { openReferenceSet, type ReferenceSet } from '../evaluation/reference-set.ts';
import { psnr } from '../image/psnr.ts';
import { type ConceptPhotos, encodeConcept } from './encode-concept.ts';
import { follow } from './follow.ts';
import { type GeneratedImage, generate } from './generate.ts';
import { progressChannel } from './progress-channel.ts';

/** One thing looked at: what was found, or what is wrong. */
export type Check = {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly durationMs: number;
};

export type VerifyProgress =
  | { readonly type: 'check'; readonly check: Check }
  | { readonly type: 'bytes'; readonly name: string; readonly doneBytes: number; readonly totalBytes: number };

export type VerifyOptions = {
  readonly threads?: number;
  /** A folder of golden tensors made with this very model. */
  readonly reference?: string;
  /** A folder of the same model in another form, such as the one that this was built of. */
  readonly against?: string;
  readonly signal?: AbortSignal;
};

const STEPS = 2;

/** What two forms of a model draw is the same thing at this, if not the same picture. */
const MIN_PSNR_DB = 20;

/**
 * Looks at everything a model folder holds, then runs every stage once: digests, names and shapes, values, loading, a concept from a photo,
 * a picture of it, and, against a reference, each stage's numbers; against another model, the picture. What fails is told and the rest goes on where it
 * can.
 */
export function verifyModel(folder: string, options: VerifyOptions = {}): AsyncGenerator<VerifyProgress, Check[]> {
  return progressChannel(async (emit, aborted) => {
    const checks: Check[] = [];
    const check = async (name: string, look: () => Promise<string>): Promise<boolean> => {
      const startedAt = performance.now();
      const result = await look().then(
        (detail) => ({ passed: true, detail }),
        (error: Error) => ({ passed: false, detail: error.message }),
      );
      aborted.throwIfAborted();
      const done = { name, ...result, durationMs: performance.now() - startedAt };
      checks.push(done);
      emit({ type: 'check', check: done });
      return done.passed;
    };
    const onBytes = async (name: string, doneBytes: number, totalBytes: number) => {
      emit({ type: 'bytes', name, doneBytes, totalBytes });
      await yieldToEvents(); // signals get their turn
      aborted.throwIfAborted();
    };

    const reference = options.reference === undefined ? null : openReferenceSet(options.reference);
    await check('files', () => checkDigests(folder, (...bytes) => onBytes('files', ...bytes)));
    const sound =
      (await check('names and shapes', async () => checkNamesAndShapes(folder))) &&
      (await check('values', () => checkValues(folder, (...bytes) => onBytes('values', ...bytes))));
    if (!sound) return checks;
    let model: EliteModel | undefined;
    try {
      const loaded = await check('load', async () => {
        model = await loadModel(folder, {
          threads: options.threads,
          featureLayers: reference ? layersOf(reference) : undefined,
        });
        return `fingerprint ${model.description.fingerprint}`;
      });
      if (!loaded || !model) return checks;
      const running = model;
      const drawn: GeneratedImage[] = [];
      await check('encode and generate', async () => {
        drawn.push(await drawPicture(running, aborted));
        return describePicture(drawn[0]);
      });
      if (reference) {
        for await (const comparison of compareReference(running, reference))
          await check(comparison.stage, async () => requireClose(comparison));
      }
      const { against } = options;
      if (against !== undefined && drawn.length > 0) {
        await running.release(); // two models at once would be twice the memory
        await check(`picture against ${against}`, () => comparePicture(drawn[0], against, options, aborted));
      }
      return checks;
    } finally {
      await model?.release();
    }
  }, options.signal);
}

/** What the check says of a stage. */
function requireClose({ measure, error, tolerance }: Comparison): string {
  const figures = `${measure} error ${error === 0 ? 0 : error.toExponential(1)}, at most ${tolerance} allowed`;
  if (!(error <= tolerance)) throw new Error(figures);
  return figures;
}

/** The hidden states that the reference's mappers read; its model may not say. */
function layersOf({ index }: ReferenceSet): number[] {
  const { vision, layers } = index.config;
  return [vision.num_hidden_layers, ...layers];
}

/** A photo through every network to a picture of it. Sessions throw on what is not a number. */
async function drawPicture(model: EliteModel, signal: AbortSignal): Promise<GeneratedImage> {
  const embedding = await follow(encodeConcept(model, drawDisc(), { signal }));
  const { width, height } = model.description.defaults;
  const concepts = [{ embedding, token: 'S*', strength: 0.6, words: 'primary' as const }];
  const settings = { negativePrompt: '', seed: 0, sampler: 'lms' as const, guidanceScale: 5, numImages: 1 };
  const [image] = await follow(
    generate(model, { prompt: 'a photo of a S*', concepts, ...settings, steps: STEPS, width, height }, { signal }),
  );
  return image;
}

function describePicture({ width, height, safety }: GeneratedImage): string {
  const verdict = safety === 'unchecked' ? '' : `, ${safety} by the safety checker`;
  return `a concept, ${STEPS} steps and a picture of ${width}×${height}${verdict}`;
}

/** How far a picture is from what the model in `folder` draws. */
async function comparePicture(
  picture: GeneratedImage,
  folder: string,
  { threads }: VerifyOptions,
  signal: AbortSignal,
): Promise<string> {
  const model = await loadModel(folder, { threads });
  try {
    const other = await drawPicture(model, signal);
    const ratioDb = psnr(picture.rgb, other.rgb);
    const figures = `PSNR ${ratioDb.toFixed(1)} dB, at least ${MIN_PSNR_DB} expected`;
    if (!(ratioDb >= MIN_PSNR_DB)) throw new Error(figures);
    return figures;
  } finally {
    await model.release();
  }
}

/** A shaded disc on a shaded ground, and its mask. */
function drawDisc(): ConceptPhotos {
  const side = 256;
  const size = { width: side, height: side };
  const places = Array.from({ length: side ** 2 }, (_, pixel) => [pixel % side, Math.floor(pixel / side)]);
  const isDisc = places.map(([x, y]) => Math.hypot(x - side / 2, y - side / 2) < side / 3);
  const rgb = Uint8Array.from(places.flatMap(([x, y], i) => (isDisc[i] ? [200, x / 2, y / 2] : [x, y, 128])));
  return { photo: { ...size, rgb }, mask: { ...size, object: Uint8Array.from(isDisc, Number) } };
}
