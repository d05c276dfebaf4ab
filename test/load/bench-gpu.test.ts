import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type OpenSession, openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { replaceFusedNodes } from '../ml/graph/fused-operators.ts';
import { emulateHalfPrecision } from '../ml/graph/half-precision.ts';
import { modelDir } from '../parity/reference.ts';
import { benchGpu } from './bench-gpu.ts';
import { findGpu } from './find-gpu.ts';

const quick = { runs: 1, batchSizes: [2] };

/** A GPU whose provider is `present`, played by the processor. */
function gpuOf(present: 'cuda' | 'webgpu'): OpenSession {
  return (graph, checkpoints, { provider } = {}) => {
    if (provider !== 'cpu' && provider !== present) throw new Error(`no ${provider} here`);
    replaceFusedNodes(graph);
    emulateHalfPrecision(graph);
    return openSession(graph, checkpoints, { threads: 1 });
  };
}

const rowsOf = (report: string) =>
  report
    .split('\n')
    .filter((line) => /^(unet|vae)/.test(line))
    .map((line) => line.trim().split(/\s{2,}/));

describe('the bench of a GPU', { timeout: 60_000 }, () => {
  it('compares and times every network, its plain and its fused graph, at the batch sizes asked for', async () => {
    const openSession = gpuOf('cuda');
    const report = await benchGpu(modelDir, { ...quick, provider: await findGpu(openSession), openSession });
    const rows = rowsOf(report);
    expect(new Set(rows.map(([network, operators]) => `${network} ${operators}`)).size).toBe(6);
    expect(rows.map(([, , batch]) => Number(batch))).toEqual(Array(6).fill(2));
    for (const [network, operators, , , , error] of rows)
      expect(Number(error), `${network} ${operators}`).toBeLessThan(operators === 'portable' ? 1e-6 : 1e-2);
    expect(report).toContain('No provider has run these fused operators of the cuda target yet: NhwcConv');
  });

  it('takes WebGPU where there is no CUDA, with the graphs that it can run', async () => {
    const openSession = gpuOf('webgpu');
    const report = await benchGpu(modelDir, { ...quick, provider: await findGpu(openSession), openSession });
    expect(report).toContain(' on webgpu, ');
    expect(new Set(rowsOf(report).map(([, operators]) => operators))).toEqual(new Set(['portable']));
  });

  it.skipIf(existsSync('/dev/nvidia0') || existsSync('/dev/dri'))(
    'ends with what is missing where there is no GPU, before a model is looked for',
    async () => {
      const bench = new URL('bench.ts', import.meta.url).pathname;
      const { code, stderr } = await promisify(execFile)(process.execPath, [bench, 'gpu', 'no-such-model']).catch(
        (failure) => failure,
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^expected a GPU that ONNX Runtime can use, got none:\n {2}cuda: .*ONNXRUNTIME_NODE_INSTALL=cuda12.*\n {2}webgpu: .*adapter/ms,
      );
    },
  );
});
