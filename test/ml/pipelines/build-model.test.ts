import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFolder, loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import { scaleKey } from '../../../gpu-worker/ml/graph/graph.ts';
import { decodeImage } from '../../../gpu-worker/ml/image/decode-image.ts';
import { psnr } from '../../../gpu-worker/ml/image/psnr.ts';
import { type BuildProgress, buildModel } from '../../../gpu-worker/ml/pipelines/build-model.ts';
import { encodeConcept } from '../../../gpu-worker/ml/pipelines/encode-concept.ts';
import { follow } from '../../../gpu-worker/ml/pipelines/follow.ts';
import { generate } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { readModelJson } from '../../../gpu-worker/ml/weights/model-json.ts';
import type { Precision } from '../../../gpu-worker/ml/weights/precision.ts';
import { readTensor, readTensorData } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import { modelDir, reference, referenceDir } from '../../parity/reference.ts';
import { writeTinySafetyChecker } from '../safety/tiny-safety-checker.ts';

const UNET = 'unet/diffusion_pytorch_model.safetensors';

let parent: string;
let target: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'build-'));
  target = join(parent, 'built');
});
afterEach(() => rmSync(parent, { recursive: true }));

const build = (precision: Precision, source = modelDir) => follow(buildModel(source, target, { precision }));

/** A copy of the model with one weight of the UNet changed. */
function withWeight(change: (data: Float32Array) => void): string {
  const source = join(parent, 'source');
  cpSync(modelDir, source, { recursive: true });
  const tensors = [...readSafetensorsIndex(join(modelDir, UNET))].map(([name, location]) => {
    const data = readTensorData(location) as Float32Array;
    if (name === 'conv_in.weight') change(data);
    return [name, { shape: location.shape, data }] as const;
  });
  writeSafetensors(join(source, UNET), new Map(tensors));
  return source;
}

/** One photo encoded and drawn again by the model in `folder`. */
async function draw(folder: string): Promise<Uint8Array> {
  const model = await loadModel(folder, { threads: 1 });
  const [picture] = reference.pictures_order;
  const photo = await decodeImage(readFileSync(join(referenceDir, `pictures/${picture}.png`)));
  const embedding = await follow(encodeConcept(model, { photo, mask: null }));
  const concepts = [{ embedding, token: 'S*', strength: 0.6, words: 'primary' as const }];
  const settings = { negativePrompt: '', seed: 3, steps: 10, sampler: 'lms' as const, guidanceScale: 5, numImages: 1 };
  const [image] = await follow(
    generate(model, { prompt: 'a S* in the snow', concepts, ...settings, width: 64, height: 64 }),
  );
  await model.release();
  return image.rgb;
}

describe('a model built', () => {
  it('in fp16 draws the same pictures to 40 dB, from half the bytes', async () => {
    await build('fp16');
    expect(psnr(await draw(target), await draw(modelDir))).toBeGreaterThan(40);
    const [size, halved] = [modelDir, target].map((folder) => readFileSync(join(folder, UNET)).length);
    expect(halved / size).toBeCloseTo(0.5, 1);
  });

  it('in int8 draws the same pictures to 30 dB, its UNet from a third of the bytes', { timeout: 90_000 }, async () => {
    const { fingerprint } = await build('int8');
    expect(psnr(await draw(target), await draw(modelDir))).toBeGreaterThan(30);
    const [size, smaller] = [modelDir, target].map((folder) => readFileSync(join(folder, UNET)).length);
    expect(smaller / size).toBeLessThan(0.4); // names and scales are much of so small a network
    expect(readModelJson(target)).toMatchObject({ precision: 'int8', fingerprint });
    expect(fingerprint).not.toBe(describeFolder(modelDir).description.fingerprint);
  });

  it('in int8 keeps every other weight as it was, and rounds no output by more than half a step', async () => {
    await build('int8');
    const kinds = new Set<string>();
    for (const [name, index] of describeFolder(modelDir).modelFolder.checkpoints) {
      const built = describeFolder(target).modelFolder.checkpoints.get(name)!;
      for (const [key, location] of index) {
        const { dtype } = built.get(key)!;
        kinds.add(`${name} ${dtype}`);
        if (dtype === 'float32') expect(readTensor(built.get(key)!)).toEqual(readTensor(location));
        else expect(built.get(scaleKey(key))!.shape).toEqual([location.shape[0]]);
      }
    }
    expect([...kinds].filter((kind) => kind.endsWith('int8'))).toEqual([
      'unet int8',
      'global_mapper int8', // the projections of its words that the UNet reads
      'local_mapper int8',
    ]);
  });

  it('in int8 gives each row of a batch what it gets alone', async () => {
    await build('int8');
    const model = await loadModel(target, { threads: 1 });
    const { text, mapping, unet } = model.config;
    const size = model.description.defaults;
    const wave = (length: number, gain: number) => Float32Array.from({ length }, (_, i) => gain * Math.sin(i * i));
    const rows = [1, 5].map((gain) => ({
      latents: wave(model.latentCount(size), gain), // the louder row would coarsen the quieter one's scale
      timestep: 500,
      context: wave(text.positions * unet.contextSize, 1),
      local: wave(mapping.patches * unet.contextSize, 1),
      placeholderIndex: 3,
      strength: 0.6,
    }));
    const together = await model.networks.predictNoise(size, rows);
    for (const [index, row] of rows.entries())
      expect((await model.networks.predictNoise(size, [row]))[0].noise).toEqual(together[index].noise);
    await model.release();
  });

  it('in int8 cannot be built of again: what was rounded off is gone', async () => {
    await build('int8');
    const again = follow(buildModel(target, join(parent, 'again'), { precision: 'fp32' }));
    await expect(again).rejects.toThrow(/unet.*: tensor ".*weight": expected floating point, got int8/);
    expect(readdirSync(parent)).toEqual(['built']);
  });

  it('in fp32 keeps every weight, whatever file it came from', async () => {
    await build('fp32');
    for (const [name, index] of describeFolder(target).modelFolder.checkpoints) {
      const original = describeFolder(modelDir).modelFolder.checkpoints.get(name)!;
      expect(new Set(index.keys())).toEqual(new Set(original.keys()));
      for (const [key, location] of index) expect(readTensor(location)).toEqual(readTensor(original.get(key)!));
    }
  });

  it('needs nothing of the old one, and works wherever it is moved', async () => {
    const source = join(parent, 'source');
    cpSync(modelDir, source, { recursive: true });
    writeTinySafetyChecker(source, 2);
    await build('fp16', source);
    rmSync(source, { recursive: true });
    const before = describeFolder(target).description;
    const moved = join(parent, 'moved');
    renameSync(target, moved);
    expect(describeFolder(moved).description).toEqual(before); // named by its model.json, not by its place
    expect(describeFolder(moved).modelFolder.safetyChecker).not.toBeNull();
    await expect(draw(moved)).resolves.toBeDefined();
  });

  it.each(['fp16', 'int8'] as const)('in %s tells its progress in bytes, to the last', async (precision) => {
    const events: BuildProgress[] = [];
    await follow(buildModel(modelDir, target, { precision }), (event) => events.push(event));
    for (const stage of ['convert', 'check']) {
      const of = events.filter((event) => event.stage === stage);
      expect(of.at(-1)!.doneBytes).toBe(of[0].totalBytes);
    }
  });

  it('carries a model.json with architecture, licence and every file’s digest', async () => {
    await build('fp16');
    const json = readModelJson(target)!;
    const { fingerprint, licence, sizes } = describeFolder(target).description;
    expect(json).toMatchObject({ name: 'built', fingerprint, licence, sizes });
    expect(json.architecture).toMatchObject({ unet: { blockChannels: [32, 40, 40] }, featureLayers: [6, 1, 2, 3, 4] });
    expect(json.files!.map(({ path }) => path)).toContain('tokenizer/vocab.json');
    expect(json.files!.find(({ path }) => path === UNET)!.size_bytes).toBe(readFileSync(join(target, UNET)).length);
  });
});

describe('a model built for CUDA', () => {
  const buildForCuda = (precision: Precision) => follow(buildModel(modelDir, target, { precision, target: 'cuda' }));

  it.each([
    ['fp16', 'float16'],
    ['fp32', 'float32'],
  ] as const)('in %s says so, and its graphs are fused and compute in %s', async (precision, arithmetic) => {
    await buildForCuda(precision);
    expect(readModelJson(target)).toMatchObject({ target: 'cuda', precision });
    expect(describeFolder(target).ops).toMatchObject({ name: 'cuda', precision: arithmetic });
  });

  it('has the concepts of the same weights built for any machine', async () => {
    const { fingerprint } = await buildForCuda('fp16');
    rmSync(target, { recursive: true });
    expect(await build('fp16')).toMatchObject({ fingerprint });
  });

  it('is refused on another provider, before anything is loaded', async () => {
    await buildForCuda('fp16');
    await expect(loadModel(target, { provider: 'cpu' })).rejects.toThrow(
      'a model built for cuda runs on the cuda provider, and cpu was asked for',
    );
  });

  it('can be built for any machine again', async () => {
    await buildForCuda('fp32');
    const portable = join(parent, 'portable');
    await follow(buildModel(target, portable, { precision: 'fp32' }));
    expect(describeFolder(portable).ops.name).toBe('portable');
  });
});

describe('nothing is left behind by a build that', () => {
  const expectNothing = () => expect(readdirSync(parent).filter((name) => name !== 'source')).toEqual([]);

  it('meets a weight that is no number', async () => {
    const source = withWeight((data) => {
      data[7] = Number.NaN;
    });
    await expect(build('fp32', source)).rejects.toThrow(
      /unet.*: tensor "conv_in\.weight" \[32, 4, 3, 3\]: .*element 7 is none/,
    );
    expectNothing();
  });

  it('meets a weight too large for fp16', async () => {
    const source = withWeight((data) => {
      data[9] = 70_000;
    });
    await expect(build('fp16', source)).rejects.toThrow(/"conv_in\.weight".*within ±65504, element 9 is none/);
    expectNothing();
  });

  it.each(['fp16', 'int8'] as const)('is aborted half way to %s', async (precision) => {
    const controller = new AbortController();
    const onEvent = ({ doneBytes, totalBytes }: BuildProgress) => {
      if (doneBytes > totalBytes / 2) controller.abort();
    };
    const aborted = follow(buildModel(modelDir, target, { precision, signal: controller.signal }), onEvent);
    await expect(aborted).rejects.toThrow('aborted');
    expectNothing();
  });
});

it('a folder that is there is never touched', async () => {
  writeFileSync(target, 'mine');
  await expect(build('fp16')).rejects.toThrow(/built: is there already/);
  expect(readFileSync(target, 'utf8')).toBe('mine');
});

it('a model whose files are not those its model.json was written for is refused', async () => {
  await build('fp32');
  cpSync(
    join(
      withWeight((data) => data.fill(0.5)),
      UNET,
    ),
    join(target, UNET),
  );
  await expect(loadModel(target)).rejects.toThrow(/model\.json was written for a model with fingerprint [0-9a-f]{32}/);
});
