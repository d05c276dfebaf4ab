import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadModel } from '../../../../gpu-worker/ml/elite/load-model.ts';
import { buildUntrainedModel } from '../../../../gpu-worker/ml/training/toyland/untrained-model.ts';

const parent = mkdtempSync(join(tmpdir(), 'untrained-'));
afterAll(() => rmSync(parent, { recursive: true }));

it('builds the default model once, in a layout that loads like a trained one', { timeout: 60_000 }, async () => {
  const folder = buildUntrainedModel(parent);
  const { description, networks } = await loadModel(folder, { threads: 1 });
  await networks.release();
  expect(description.sizes[0]).toEqual({ width: 64, height: 64 });
  expect(description).toMatchObject({ name: 'toyland', licence: { name: 'Apache-2.0' } });
  expect(buildUntrainedModel(parent)).toBe(folder);
  expect(readdirSync(parent)).toHaveLength(1);
});
