import { expect, it } from 'vitest';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { modelDir, reference } from './reference.ts';

it('reads the reference model as the configuration that it was made with', () => {
  const { image, patch, layers } = reference.config;
  const { config, sampleSize } = openModelFolder(modelDir, { featureLayers: [0, ...layers] });
  expect(config.vision).toMatchObject({ imageSize: image, patchSize: patch });
  expect(config.mapping).toMatchObject({ patches: reference.grid ** 2, words: layers.length + 1 });
  expect(sampleSize).toBe(reference.latent);
});
