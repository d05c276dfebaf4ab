import { it } from 'vitest';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { vaeDecoderGraph, vaeEncoderGraph } from '../../gpu-worker/ml/models/vae.ts';
import { openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { expectRelative } from './compare.ts';
import { golden } from './reference.ts';
import { referenceModel } from './reference-model.ts';

/** Float32 of another library. */
const TOLERANCE = 1e-4;

const { config, checkpoints } = referenceModel;
const expected = golden('vae');
const sizeOf = (tensor: string) => ({ height: expected.shape(tensor)[2], width: expected.shape(tensor)[3] });

it('the VAE encodes a picture to mean and clamped log-variance', async () => {
  const session = await openSession(vaeEncoderGraph(config.vae, sizeOf('image'), portable), checkpoints);
  const { mean, log_variance } = await session.run({
    image: { data: expected.floats('image'), shape: expected.shape('image') },
  });
  expectRelative('VAE, mean', mean.data, expected.floats('mean'), TOLERANCE);
  expectRelative('VAE, logvar', log_variance.data, expected.floats('logvar'), TOLERANCE);
});

it('the VAE decodes latents to a picture', async () => {
  const session = await openSession(vaeDecoderGraph(config.vae, sizeOf('z'), portable), checkpoints);
  const { image } = await session.run({ latents: { data: expected.floats('z'), shape: expected.shape('z') } });
  expectRelative('VAE, decoded', image.data, expected.floats('decoded'), TOLERANCE);
});
