import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
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
