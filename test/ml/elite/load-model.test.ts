import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFolder, loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import { buildModel } from '../../../gpu-worker/ml/pipelines/build-model.ts';
import { follow } from '../../../gpu-worker/ml/pipelines/follow.ts';
import type { OpenSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { modelDir } from '../../parity/reference.ts';
import { writeTinySafetyChecker } from '../safety/tiny-safety-checker.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-'));
  cpSync(modelDir, folder, { recursive: true });
  writeTinySafetyChecker(folder, 2);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Sessions that only count themselves; the one before which `opens` have been opened cannot be. */
function countedSessions(opens: number) {
  const count = { opened: 0, released: 0 };
  const openSession: OpenSession = async (graph) => {
    if (count.opened === opens) throw new Error(`${graph.name} cannot be opened`);
    count.opened++;
    return {
      name: graph.name,
      run: async () => ({}),
      release: async () => {
        count.released++;
      },
    };
  };
  return { count, openSession };
}

/** Vision, text, two mappers, UNet, decoder, safety checker. */
const SESSIONS = 7;

describe('loading a model', () => {
  it.each(Array.from({ length: SESSIONS }, (_, opens) => opens))(
    'releases the %i sessions that are open when the next one cannot be opened',
    async (opens) => {
      const { count, openSession } = countedSessions(opens);
      await expect(loadModel(folder, { openSession })).rejects.toThrow('cannot be opened');
      expect(count).toEqual({ opened: opens, released: opens });
    },
  );

  it('releases every session when the segmentation is broken', async () => {
    writeFileSync(join(folder, 'segmentation.onnx'), 'no network');
    const { count, openSession } = countedSessions(Number.POSITIVE_INFINITY);
    await expect(loadModel(folder, { openSession })).rejects.toThrow(/segmentation\.onnx/);
    expect(count).toEqual({ opened: SESSIONS, released: SESSIONS });
  });

  it('keeps them open until it is released, and warms none up on a processor', async () => {
    const { count, openSession } = countedSessions(Number.POSITIVE_INFINITY);
    const model = await loadModel(folder, { openSession });
    expect(count).toEqual({ opened: SESSIONS, released: 0 });
    await model.release();
    expect(count).toEqual({ opened: SESSIONS, released: SESSIONS });
  });
});

describe('a model’s own defaults', () => {
  const licence = { name: 'ours', url: null, use_restrictions: [] };
  const say = (defaults: object) =>
    writeFileSync(
      join(folder, 'model.json'),
      JSON.stringify({ format: 'elite-model', version: 1, name: 'm', licence, defaults }),
    );

  it('stand in for the paper’s, each by itself', () => {
    expect(describeFolder(folder).description).toMatchObject({
      steps: { default: 100 },
      defaults: { sampler: 'lms', guidance_scale: 5 },
    });
    say({ sampler: 'euler_ancestral', steps: 40 });
    expect(describeFolder(folder).description).toMatchObject({
      steps: { default: 40 },
      defaults: { sampler: 'euler_ancestral', guidance_scale: 5 },
    });
  });

  it('are those of a model that is built of it', async () => {
    say({ guidance_scale: 3 });
    const built = `${folder}-built`;
    const { defaults } = await follow(buildModel(folder, built, { precision: 'fp16' }));
    expect(defaults.guidance_scale).toBe(3);
    expect(describeFolder(built).description.defaults).toEqual(defaults);
    rmSync(built, { recursive: true });
  });

  it('are refused where no sampler has that name', () => {
    say({ sampler: 'plms' });
    expect(() => describeFolder(folder)).toThrow(/model\.json.*sampler/s);
  });
});
