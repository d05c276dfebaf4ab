import { MultiBar } from 'cli-progress';
import type { Concept } from '../../../shared/concept.ts';
import type { Generation } from '../../../shared/generation.ts';
import type { ApiClient } from './api-client.ts';
import type { DemoOptions } from './arguments.ts';
import { openPhoto } from './photo.ts';
import type { Timing } from './timing-table.ts';

export type Pictures = {
  readonly photo: Uint8Array;
  readonly mask: Uint8Array | null;
  readonly images: readonly Uint8Array[];
  readonly timings: readonly Timing[];
};

/** Uploads the photo, waits for its concept, has it drawn as each prompt says, all at the same time, and downloads what came of it. */
export async function makePictures(api: ApiClient, options: DemoOptions): Promise<Pictures> {
  const { prompts, numImages, seed } = options;
  const steps = options.steps ?? (await api.model()).steps.default;
  const bars = new MultiBar({ format: '{name} {bar} {value}/{total}', noTTYOutput: true, notTTYSchedule: 1000 });
  const encoding = bars.create(1, 0, { name: 'encode  ' });
  const generating = prompts.map(() => bars.create(steps, 0, { name: 'generate' }));
  try {
    const [concept, conceptMs] = await timed(async () => {
      const { photo, mask } = await openPhoto(options);
      return requireEnd('ready', await api.createConcept(photo, mask));
    });
    encoding.increment();
    const concepts = [{ concept: concept.id }];
    const [generations, generationMs] = await timed(() =>
      Promise.all(
        prompts.map(async (prompt, index) => {
          let current = await api.createGeneration({ prompt, concepts, num_images: numImages, steps, seed });
          for await (current of api.follow(current)) {
            generating[index].update(current.progress.step);
          }
          generating[index].update(steps);
          return requireEnd('succeeded', current);
        }),
      ),
    );
    const { timings } = generations.at(-1)!;
    const [files, downloadMs] = await timed(() => downloadAll(api, concept, generations));
    return {
      ...files,
      timings: [
        { what: 'concept, from upload to ready', ms: conceptMs },
        ...parts({ queued: concept.timings.queued_ms, encode: concept.timings.encode_ms }),
        { what: `${prompts.length * numImages} images of ${steps} steps`, ms: generationMs },
        ...parts({
          'queued, the last prompt': timings.queued_ms,
          'encode prompt': timings.encode_ms,
          denoise: timings.denoise_ms,
          decode: timings.decode_ms,
          upload: timings.upload_ms,
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
  generations: readonly Generation[],
): Promise<Omit<Pictures, 'timings'>> {
  const download = async (url: string | null) => (url === null ? null : api.download(url));
  const [photo, mask, images] = await Promise.all([
    download(concept.image_url),
    download(concept.mask_url),
    Promise.all(generations.flatMap(({ images }) => images.map(({ url }) => api.download(url)))),
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
