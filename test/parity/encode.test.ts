import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConceptEmbedding } from '../../gpu-worker/ml/elite/concept.ts';
import { loadModel } from '../../gpu-worker/ml/elite/load-model.ts';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import {
  type ConceptPhotos,
  type EncodeProgress,
  encodeConcept,
} from '../../gpu-worker/ml/pipelines/encode-concept.ts';
import { expectRelative } from './compare.ts';
import { golden, modelDir, reference, referenceDir } from './reference.ts';
import { featureLayers } from './reference-model.ts';

/** Float32 of another library. */
const TOLERANCE = 1e-4;

const model = await loadModel(modelDir, { featureLayers, threads: 1 });
afterAll(() => model.networks.release());

async function encode(photos: ConceptPhotos) {
  const stages: string[] = [];
  const progress: AsyncGenerator<EncodeProgress, ConceptEmbedding> = encodeConcept(model, photos);
  for (;;) {
    const { done, value } = await progress.next();
    if (done) return { concept: value, stages };
    stages.push(value.stage);
  }
}

const pictureFile = (name: string) => readFile(join(referenceDir, 'pictures', `${name}.png`));
const photoOf = async (picture: string) => decodeImage(await pictureFile(picture));

describe.each(reference.pictures_order)('from the file of %s to its concept', (picture) => {
  it('with a mask', async () => {
    const { concept, stages } = await encode({
      photo: await photoOf(picture),
      mask: await decodeMask(await pictureFile(`${picture}_bg`)),
    });
    const expected = golden('mappers');
    expectRelative('encode, words', concept.words, expected.floats(`${picture}/global`), TOLERANCE);
    expectRelative('encode, local', concept.local, expected.floats(`${picture}/local_masked`), TOLERANCE);
    expect(stages).toEqual(['prepare', 'vision', 'mapping']);
  });

  it('without one gives the same words, and details of the whole picture', async () => {
    const { concept } = await encode({ photo: await photoOf(picture), mask: null });
    expectRelative('encode, words', concept.words, golden('mappers').floats(`${picture}/global`), TOLERANCE);
    const { patches, dim, local } = concept;
    const norms = Array.from({ length: patches }, (_, patch) =>
      Math.hypot(...local.subarray(patch * dim, (patch + 1) * dim)),
    );
    expect(Math.min(...norms)).toBeGreaterThan(0);
  });
});
