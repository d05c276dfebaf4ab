import { openAsBlob } from 'node:fs';
import { MultiBar } from 'cli-progress';
import type { Concept } from '../../../shared/concept.ts';
import type { Generation } from '../../../shared/generation.ts';
import type { ApiClient } from './api-client.ts';
import type { DemoOptions } from './arguments.ts';
import type { Timing } from './timing-table.ts';

export type Pictures = {
  readonly photo: Uint8Array; // as the service serves it
  readonly mask: Uint8Array | null;
  readonly images: readonly Uint8Array[];
  readonly timings: readonly Timing[];
};

/** Uploads the photo, waits for its concept, has it drawn in the scene of the prompt, downloads what came of it. */
export async function makePictures(api: ApiClient, options: DemoOptions): Promise<Pictures> {
  const { photoFile, maskFile, prompt, numImages, seed } = options;
  const steps = options.steps ?? (await api.model()).steps.default;
  const bars = new MultiBar({ format: '{name} {bar} {value}/{total}', noTTYOutput: true, notTTYSchedule: 1000 });
  const encoding = bars.create(1, 0, { name: 'encode  ' });
  const generating = bars.create(steps, 0, { name: 'generate' });
  try {
    const [concept, conceptMs] = await timed(async () => {
      const files = [openAsBlob(photoFile), maskFile === null ? null : openAsBlob(maskFile)] as const;
      return requireEnd('ready', await api.createConcept(...(await Promise.all(files))));
    });
    encoding.increment();
    const [generation, generationMs] = await timed(async () => {
      const concepts = [{ concept: concept.id }];
      let current = await api.createGeneration({ prompt, concepts, num_images: numImages, steps, seed });
      for await (current of api.follow(current)) {
        generating.update(current.progress.step);
      }
      return requireEnd('succeeded', current);
    });
    generating.update(steps);
    const [files, downloadMs] = await timed(() => downloadAll(api, concept, generation));
    return {
      ...files,
      timings: [
        { what: 'concept, from upload to ready', ms: conceptMs },
        ...parts({ queued: concept.timings.queued_ms, encode: concept.timings.encode_ms }),
        { what: `${numImages} images of ${steps} steps`, ms: generationMs },
        ...parts({
          queued: generation.timings.queued_ms,
          'encode prompt': generation.timings.encode_ms,
          denoise: generation.timings.denoise_ms,
          decode: generation.timings.decode_ms,
          upload: generation.timings.upload_ms,
        }),
        { what: 'download', ms: downloadMs },
      ],
    };
  } finally {
    bars.stop();
  }
}

async function downloadAll(
  api: ApiClient,
  concept: Concept,
  generation: Generation,
): Promise<Omit<Pictures, 'timings'>> {
  const download = async (url: string | null) => (url === null ? null : api.download(url));
  const [photo, mask, images] = await Promise.all([
    download(concept.image_url),
    download(concept.mask_url),
    Promise.all(generation.images.map(({ url }) => api.download(url))),
  ]);
  if (photo === null) {
    throw new Error(`expected ${concept.id} to have its photo, got none`);
  }
  return { photo, mask, images };
}

function requireEnd<Job extends Concept | Generation>(status: Job['status'], job: Job): Job {
  if (job.status !== status) {
    const { code, message } = job.error ?? { code: 'no reason given', message: '' };
    throw new Error(`expected ${job.id} to end as ${status}, it ended as ${job.status}: ${code} ${message}`);
  }
  return job;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedAt = performance.now();
  return [await work(), performance.now() - startedAt];
}

function parts(timings: Readonly<Record<string, number | null>>): Timing[] {
  return Object.entries(timings).map(([what, ms]) => ({ what, ms, within: true }));
}
