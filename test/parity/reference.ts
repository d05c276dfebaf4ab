import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readTensorData } from '../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex } from '../../gpu-worker/ml/weights/safetensors.ts';
import type { WeightIndex } from '../../gpu-worker/ml/weights/tensor-location.ts';

/** What the golden tensors were made with; other sets of this layout have other values. */
const configSchema = z.object({
  /** Side of CLIP's input in pixels. */
  image: z.int(),
  patch: z.int(),
  /** Hidden states fed to the mappers after the last layer's, in order. */
  layers: z.array(z.int()),
  vision: z.object({ num_hidden_layers: z.int() }),
  /** A word that stands for the concept in `prompts`. */
  placeholder: z.string(),
  prompts: z.array(z.string()),
  main_prompt: z.int(),
  lms_steps: z.int(),
  global_steps: z.int(),
  fixed_steps: z.int(),
  lms_tables: z.array(z.int()),
  lam: z.number(),
  unet_lam: z.number(),
  guidance: z.number(),
  traj_seed: z.int(),
  /** Whether `preprocess_224` is there. */
  keep224: z.boolean().optional(),
  train: z.object({ steps: z.int(), lr: z.number() }),
});

const indexSchema = z.object({
  config: configSchema,
  pictures_order: z.array(z.string()),
  /** Patches along one side of CLIP's input. */
  grid: z.int(),
  /** Side of the latents. */
  latent: z.int(),
  /** Cross-attention layers in the order of the mappers' state dict. */
  attn2_order: z.array(z.string()),
});

const repositoryDir = resolve(import.meta.dirname, '../..');

/** A folder with `model/`, `golden/`, `pictures/` and `manifests/`; `REFERENCE_DIR=<folder>` chooses another set of that layout. */
export const referenceDir = resolve(repositoryDir, process.env.REFERENCE_DIR ?? 'test/fixtures/reference');

/** The tiny model the golden tensors were made with, in the official file formats. */
export const modelDir = join(referenceDir, 'model');

export const reference = indexSchema.parse(referenceJson('golden/index.json'));

/** A JSON file of the reference, by its path in the folder. */
export function referenceJson(path: string): unknown {
  return JSON.parse(readFileSync(join(referenceDir, path), 'utf8'));
}

/** The tensors of one golden file, each read on demand. */
export type Golden = {
  names: string[];
  index: WeightIndex;
  shape(name: string): readonly number[];
  /** A float32 tensor. */
  floats(name: string): Float32Array;
  /** A float64 tensor (timesteps). */
  doubles(name: string): Float64Array;
  /** A uint8 tensor (pixels). */
  bytes(name: string): Uint8Array;
  /** Any numeric tensor (an index, timesteps of either type) as plain numbers. */
  numbers(name: string): number[];
};

/** `golden('unet')` is `golden/unet.safetensors`. */
export function golden(file: string): Golden {
  const index = readSafetensorsIndex(join(referenceDir, 'golden', `${file}.safetensors`));
  const locate = (name: string) => {
    const location = index.get(name);
    if (!location) throw new Error(`no golden tensor "${name}" in ${file}; there are ${[...index.keys()].join(', ')}`);
    return location;
  };
  const read = (name: string) => readTensorData(locate(name));
  return {
    names: [...index.keys()],
    index,
    shape: (name) => locate(name).shape,
    floats: (name) => expectArray(Float32Array, name, read(name)),
    doubles: (name) => expectArray(Float64Array, name, read(name)),
    bytes: (name) => expectArray(Uint8Array, name, read(name)),
    numbers: (name) => Array.from(read(name) as ArrayLike<number | bigint>, Number),
  };
}

function expectArray<T extends { length: number }>(type: new (length: number) => T, name: string, data: unknown): T {
  if (!(data instanceof type)) throw new Error(`golden tensor "${name}": expected a ${type.name}`);
  return data;
}
