import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseHubRepository } from '../../../../gpu-worker/ml/weights/hub/hub-repository.ts';
import { CLIP_VIT_L_14, planPull, STABLE_DIFFUSION_V1_4 } from '../../../../gpu-worker/ml/weights/hub/plan-pull.ts';
import { modelDir } from '../../../parity/reference.ts';
import { startHubServer } from './hub-server.ts';
import { tinyHub } from './tiny-hub.ts';

/** What would be fetched where Stable Diffusion's repository holds `files` beside its own, and not `without`. */
async function planWith(
  files: Record<string, string>,
  { without = '', safetyChecker = false } = {},
): Promise<string[]> {
  const content = tinyHub();
  const own = Object.entries(content[STABLE_DIFFUSION_V1_4]).filter(([path]) => path !== without);
  const more = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]);
  const hub = await startHubServer({ ...content, [STABLE_DIFFUSION_V1_4]: Object.fromEntries([...own, ...more]) });
  const sources = {
    stableDiffusion: parseHubRepository(STABLE_DIFFUSION_V1_4),
    clip: parseHubRepository(CLIP_VIT_L_14),
    globalMapper: join(modelDir, 'global_mapper.pt'),
    localMapper: join(modelDir, 'local_mapper.pt'),
    safetyChecker,
  };
  try {
    return (await planPull(sources, { hubUrl: hub.url })).map(({ path }) => path);
  } finally {
    await hub.close();
  }
}

it('takes the safety checker, one form of it', async () => {
  const files = {
    'safety_checker/config.json': '{}',
    'safety_checker/pytorch_model.bin': 'pickle',
    'safety_checker/model.safetensors': 'safetensors',
  };
  const plan = await planWith(files, { safetyChecker: true });
  expect(plan.filter((path) => path.startsWith('safety_checker/'))).toEqual([
    'safety_checker/config.json',
    'safety_checker/model.safetensors',
  ]);
  expect((await planWith(files)).some((path) => path.startsWith('safety_checker/'))).toBe(false);
});

it('takes every shard with the index that names them', async () => {
  const plan = await planWith(
    {
      'text_encoder/model.safetensors.index.json': '{}',
      'text_encoder/model-00001-of-00002.safetensors': 'first',
      'text_encoder/model-00002-of-00002.safetensors': 'second',
      'text_encoder/model-00001-of-00002.bin': 'another form',
      'text_encoder/model-old.safetensors': 'something else',
    },
    { without: 'text_encoder/model.safetensors' },
  );
  expect(plan.filter((path) => path.startsWith('text_encoder/'))).toEqual([
    'text_encoder/config.json',
    'text_encoder/model.safetensors.index.json',
    'text_encoder/model-00001-of-00002.safetensors',
    'text_encoder/model-00002-of-00002.safetensors',
  ]);
});

it('takes nothing that lies outside the folders it knows, whatever a repository lists', async () => {
  const plan = await planWith({ '../evil.json': '{}', 'unet/../../evil.bin': 'x', 'feature_extractor/run.py': 'x' });
  expect(plan.filter((path) => path.includes('evil') || path.endsWith('.py'))).toEqual([]);
});
