import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EliteModel } from '../../../gpu-worker/ml/elite/elite-model.ts';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { add, cast, scalar } from '../../../gpu-worker/ml/graph/ops.ts';
import { decodeImage } from '../../../gpu-worker/ml/image/decode-image.ts';
import { psnr } from '../../../gpu-worker/ml/image/psnr.ts';
import { buildModel } from '../../../gpu-worker/ml/pipelines/build-model.ts';
import { encodeConcept } from '../../../gpu-worker/ml/pipelines/encode-concept.ts';
import { follow } from '../../../gpu-worker/ml/pipelines/follow.ts';
import { type GenerateRequest, generate } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { type OpenSession, openSession, ProviderError } from '../../../gpu-worker/ml/runtime/session.ts';
import { modelDir, reference, referenceDir } from '../../parity/reference.ts';
import { replaceFusedNodes } from '../graph/fused-operators.ts';
import { emulateHalfPrecision } from '../graph/half-precision.ts';

/** What sessions of a CUDA provider would be asked for, computed on the processor with the same roundings. */
function emulatedGpu() {
  const runs: { readonly graph: string; readonly batch: number }[] = [];
  const open: OpenSession = async (graph, checkpoints, options) => {
    expect(options?.provider).toBe('cuda');
    replaceFusedNodes(graph);
    emulateHalfPrecision(graph);
    const session = await openSession(graph, checkpoints, { threads: 1 });
    return {
      ...session,
      run: (inputs, into) => {
        runs.push({ graph: graph.name, batch: Object.values(inputs)[0].shape[0] });
        return session.run(inputs, into);
      },
    };
  };
  return { open, runs };
}

const gpu = emulatedGpu();
let folder: string;
let portable: EliteModel;
let cuda: EliteModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cuda-'));
  const built = join(folder, 'model');
  await follow(buildModel(modelDir, built, { precision: 'fp16', target: 'cuda' }));
  portable = await loadModel(modelDir, { threads: 1 });
  cuda = await loadModel(built, { openSession: gpu.open });
}, 60_000);
afterAll(async () => {
  await portable?.release();
  await cuda?.release();
  rmSync(folder, { recursive: true });
});

/** One photo encoded and drawn again. */
async function draw(model: EliteModel, run: Pick<GenerateRequest, 'seed' | 'steps' | 'reuse'>): Promise<Uint8Array> {
  const [picture] = reference.pictures_order;
  const photo = await decodeImage(readFileSync(join(referenceDir, `pictures/${picture}.png`)));
  const embedding = await follow(encodeConcept(model, { photo, mask: null }));
  const concepts = [{ embedding, token: 'S*', strength: 0.6, words: 'primary' as const }];
  const settings = { negativePrompt: '', sampler: 'lms' as const, guidanceScale: 5, numImages: 1 };
  const { width, height } = model.description.defaults;
  const request = { prompt: 'a S* in the snow', concepts, ...settings, ...run, width, height };
  const [image] = await follow(generate(model, request));
  return image.rgb;
}

describe('half precision', () => {
  it('as it is emulated here rounds after every operator', async () => {
    const graph = new Graph('sum');
    const x = cast(graph.input('x', ['batch']), 'float16');
    graph.output('y', cast(add(add(x, scalar(x, 1)), scalar(x, 1)), 'float32'));
    emulateHalfPrecision(graph);
    const session = await openSession(graph, new Map(), { threads: 1 });
    const { y } = await session.run({ x: { data: Float32Array.of(2048, 100), shape: [2] } });
    await session.release();
    expect(y.data).toEqual(Float32Array.of(2048, 102)); // between 2048 and 4096 it counts in twos, and ties go to even
  });
});

describe('a model built for CUDA in half precision', () => {
  it('has run every network at every batch size before it is used', () => {
    const batches = Map.groupBy(gpu.runs, ({ graph }) => graph);
    const sizes = [...batches].map(([graph, runs]) => [graph, runs.map(({ batch }) => batch)]);
    expect(Object.fromEntries(sizes)).toEqual({
      clip_vision: [1, 2],
      clip_text: [1, 2],
      global_mapping: [1],
      local_mapping: [1],
      unet: [1, 2, 4, 8],
      unet_shallow: [1, 2, 4, 8],
      vae_decoder: [1],
    });
  });

  it.skipIf(existsSync('/dev/nvidia0'))(
    'is refused where there is no CUDA, in words that say what is missing',
    async () => {
      const refused = loadModel(join(folder, 'model'));
      await expect(refused).rejects.toThrow(ProviderError);
      await expect(refused).rejects.toThrow(/expected the cuda provider .* ONNXRUNTIME_NODE_INSTALL=cuda12/);
    },
  );

  it.each([
    { seed: 3, steps: 20 },
    { seed: 4, steps: 20 },
    { seed: 5, steps: 20 },
    { seed: 5, steps: 20, reuse: 3 },
  ])('draws what the portable one draws in float32, to 40 dB: %o', async (run) => {
    const [half, full] = [await draw(cuda, run), await draw(portable, run)];
    expect(half).not.toEqual(full); // the roundings are there
    expect(psnr(half, full)).toBeGreaterThan(40);
  });
});
