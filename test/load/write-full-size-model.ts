import { createCipheriv, createHash } from 'node:crypto';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { streamSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import type { DeferredTensor } from '../../gpu-worker/ml/weights/tensor-to-write.ts';
import { streamTorchCheckpoint } from '../../gpu-worker/ml/weights/write-torch-checkpoint.ts';
import { modelDir, referenceJson } from '../parity/reference.ts';

export type FullSizeOptions = {
  precision: 'float32' | 'float16';
  /** Which of the official file formats the diffusers and transformers components have; the mappers are `.pt` in both. */
  format: 'safetensors' | 'bin';
  seed: number;
};

const manifestSchema = z.object({
  config: z.record(z.string(), z.unknown()).nullable(),
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.enum(['float32', 'int64']) })),
});

/** CLIP ViT-L/14's own configuration files, of which the manifests have the tensors only. */
const TEXT_CONFIG = {
  vocab_size: 49408,
  max_position_embeddings: 77,
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  layer_norm_eps: 1e-5,
  hidden_act: 'quick_gelu',
  model_type: 'clip_text_model',
};
const VISION_CONFIG = {
  image_size: 224,
  patch_size: 14,
  num_channels: 3,
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  layer_norm_eps: 1e-5,
  hidden_act: 'quick_gelu',
  model_type: 'clip_vision_model',
};

const COMPONENTS = [
  { name: 'unet', stem: { safetensors: 'diffusion_pytorch_model', bin: 'diffusion_pytorch_model' } },
  { name: 'vae', stem: { safetensors: 'diffusion_pytorch_model', bin: 'diffusion_pytorch_model' } },
  { name: 'text_encoder', stem: { safetensors: 'model', bin: 'pytorch_model' }, config: TEXT_CONFIG },
  { name: 'vision_encoder', stem: { safetensors: 'model', bin: 'pytorch_model' }, config: VISION_CONFIG },
];

/**
 * Writes a model folder of Stable Diffusion v1-4's and ELITE's official names, shapes and file formats, its weights random but scaled so
 * that activations keep their size: what it draws is noise, what it costs is the real thing. 5.7 GB in float32, half that in float16.
 * The vocabulary is the small reference model's. A folder appears whole or not at all.
 */
export function writeFullSizeModel(folder: string, { precision, format, seed }: FullSizeOptions): void {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  for (const { name, stem, config } of COMPONENTS) {
    const manifest = readManifest(name);
    mkdirSync(join(partial, name), { recursive: true });
    writeFileSync(join(partial, name, 'config.json'), JSON.stringify(config ?? manifest.config, null, 2));
    const file = join(partial, name, `${stem[format]}.${format}`);
    const tensors = randomTensors(name, manifest, precision, seed);
    if (format === 'safetensors') streamSafetensors(file, tensors, { format: 'pt' });
    else streamTorchCheckpoint(file, tensors);
  }
  for (const name of ['global_mapper', 'local_mapper'])
    streamTorchCheckpoint(join(partial, `${name}.pt`), randomTensors(name, readManifest(name), precision, seed));
  for (const name of ['tokenizer', 'scheduler', 'model_index.json'])
    cpSync(join(modelDir, name), join(partial, name), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

function readManifest(name: string) {
  return manifestSchema.parse(referenceJson(`manifests/${name}.json`));
}

function randomTensors(
  component: string,
  { tensors }: z.infer<typeof manifestSchema>,
  precision: FullSizeOptions['precision'],
  seed: number,
): DeferredTensor[] {
  return tensors.map(({ name, shape, dtype }): DeferredTensor => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (dtype === 'int64')
      return { name, shape, dtype: 'I64', read: () => BigInt64Array.from({ length: size }, (_, i) => BigInt(i)) };
    const read = () => randomWeights(`${seed}/${component}/${name}`, shape, distributionOf(name, shape));
    return precision === 'float32'
      ? { name, shape, dtype: 'F32', read }
      : { name, shape, dtype: 'F16', read: () => new Float16Array(read()) };
  });
}

type Distribution = { mean: number; deviation: number };

/** Matrices and kernels keep the variance of what they multiply a little below one, so that sums over residual branches stay small. */
function distributionOf(name: string, shape: readonly number[]): Distribution {
  if (shape.length > 1) {
    const inputs = shape.slice(1).reduce((product, dimension) => product * dimension, 1);
    return { mean: 0, deviation: 0.7 / Math.sqrt(inputs) };
  }
  return { mean: name.endsWith('.weight') ? 1 : 0, deviation: 0.02 };
}

/** Uniform numbers that depend on `path` alone: the key stream of a cipher is random, repeatable and faster than the disk. */
function randomWeights(path: string, shape: readonly number[], { mean, deviation }: Distribution): Float32Array {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const key = createHash('sha256').update(path).digest().subarray(0, 16);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size * 4));
  const bits = new Int32Array(stream.buffer, stream.byteOffset, size);
  const scale = (deviation * Math.sqrt(3)) / 2 ** 31;
  const weights = new Float32Array(size);
  for (let i = 0; i < size; i++) weights[i] = mean + scale * bits[i];
  return weights;
}
