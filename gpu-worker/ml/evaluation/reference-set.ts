import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../weights/read-json.ts';
import { readTensorData } from '../weights/read-tensor.ts';
import { readSafetensorsIndex } from '../weights/safetensors.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';
import { WeightsError } from '../weights/weights-error.ts';

/** What the golden tensors were made with; other sets of this layout have other values. */
const configSchema = z.object({
  /** Side of CLIP's input in pixels. */
  image: z.int(),
  patch: z.int(),
  vision: z.object({ num_hidden_layers: z.int() }),
  /** Hidden states fed to the mappers after the last layer's, in order. */
  layers: z.array(z.int()),
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

/** Tensors that the authors' code gave for the model beside them: `golden/`, `pictures/` and more in one folder. */
export type ReferenceSet = {
  readonly folder: string;
  readonly index: z.infer<typeof indexSchema>;
  /** `golden('unet')` is `golden/unet.safetensors`. */
  golden(file: string): Golden;
};

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

/** @throws WeightsError where the folder is no such set. */
export function openReferenceSet(folder: string): ReferenceSet {
  const index = readJson(join(folder, 'golden/index.json'), indexSchema);
  return { folder, index, golden: (name) => openGolden(join(folder, 'golden', `${name}.safetensors`)) };
}

function openGolden(file: string): Golden {
  const index = readSafetensorsIndex(file);
  const locate = (name: string) => {
    const location = index.get(name);
    if (!location) throw new WeightsError(file, `expected a tensor "${name}", got ${[...index.keys()].join(', ')}`);
    return location;
  };
  const read = <T extends { length: number }>(name: string, type: new (length: number) => T): T => {
    const data: unknown = readTensorData(locate(name));
    if (!(data instanceof type)) throw new WeightsError(file, `tensor "${name}": expected a ${type.name}`);
    return data;
  };
  return {
    names: [...index.keys()],
    index,
    shape: (name) => locate(name).shape,
    floats: (name) => read(name, Float32Array),
    doubles: (name) => read(name, Float64Array),
    bytes: (name) => read(name, Uint8Array),
    numbers: (name) => Array.from(readTensorData(locate(name)) as ArrayLike<number | bigint>, Number),
  };
}
