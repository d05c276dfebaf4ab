import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModelFolder } from '../../../gpu-worker/ml/weights/open-model-folder.ts';
import { openWeights } from '../../../gpu-worker/ml/weights/open-weights.ts';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import { WeightsError } from '../../../gpu-worker/ml/weights/weights-error.ts';
import { modelDir } from '../../parity/reference.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'model-folder-'));
  cpSync(modelDir, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function editJson(path: string, edit: (json: Record<string, unknown>) => Record<string, unknown>): void {
  const file = join(folder, path);
  writeFileSync(file, JSON.stringify(edit(JSON.parse(readFileSync(file, 'utf8')))));
}

/** Writes a component's weights anew, under other names or with more of them. */
function rewriteWeights(
  path: string,
  stem: string,
  rename: (name: string) => string,
  extra: readonly string[] = [],
): void {
  const tensors = [...openWeights(join(folder, path), [stem])].map(
    ([name, location]) => [rename(name), { shape: location.shape, data: readTensor(location) }] as const,
  );
  const more = extra.map((name) => [name, { shape: [1], data: new Float32Array(1) }] as const);
  writeSafetensors(join(folder, path, `${stem}.safetensors`), new Map([...tensors, ...more]));
}

describe('names', () => {
  const opened = () => openModelFolder(folder).checkpoints;

  it('of newer VAE files become those of Stable Diffusion v1-4', () => {
    const official = [...opened().get('vae')!.keys()];
    const newer: Record<string, string> = { query: 'to_q', key: 'to_k', value: 'to_v', proj_attn: 'to_out.0' };
    const rename = (name: string) => name.replace(/\.(query|key|value|proj_attn)\./, (_, layer) => `.${newer[layer]}.`);
    expect(official.map(rename)).not.toEqual(official);
    rewriteWeights('vae', 'diffusion_pytorch_model', rename);
    expect(new Set(opened().get('vae')!.keys())).toEqual(new Set(official));
  });

  it('of position ids are dropped, whether a file has them or not', () => {
    expect(openWeights(join(folder, 'text_encoder'), ['model']).has('text_model.embeddings.position_ids')).toBe(true);
    for (const component of ['text_encoder', 'vision_encoder'] as const)
      expect([...opened().get(component)!.keys()].filter((name) => name.includes('position_ids'))).toEqual([]);
  });

  it('of a whole CLIP model leave its vision tower', () => {
    const tower = [...opened().get('vision_encoder')!.keys()];
    const rest = [
      'text_model.final_layer_norm.bias',
      'visual_projection.weight',
      'text_projection.weight',
      'logit_scale',
    ];
    rewriteWeights('vision_encoder', 'model', (name) => name, rest);
    expect(new Set(opened().get('vision_encoder')!.keys())).toEqual(new Set(tower));
  });
});

describe('configurations', () => {
  it('of a whole CLIP model are read from its vision part', () => {
    const { vision } = openModelFolder(folder).config;
    editJson('vision_encoder/config.json', (json) => ({ projection_dim: 512, hidden_size: 1, vision_config: json }));
    expect(openModelFolder(folder).config.vision).toEqual(vision);
  });

  it('say which hidden states are read: the caller, else elite.json, else the authors', () => {
    rmSync(join(folder, 'elite.json'), { force: true });
    expect(() => openModelFolder(folder)).toThrow(/vision_encoder.config\.json: expected 24 num_hidden_layers/);
    editJson('vision_encoder/config.json', (json) => ({ ...json, num_hidden_layers: 24 }));
    expect(openModelFolder(folder).config.featureLayers).toEqual([24, 4, 8, 12, 16]);
    writeFileSync(join(folder, 'elite.json'), '{ "feature_layers": [6, 2] }');
    expect(openModelFolder(folder).config.featureLayers).toEqual([6, 2]);
    expect(openModelFolder(folder, { featureLayers: [3] }).config).toMatchObject({
      featureLayers: [3],
      mapping: { words: 1 },
    });
  });

  it.each([
    ['unet/config.json', { use_linear_projection: true }, /use_linear_projection/],
    ['unet/config.json', { class_embed_type: 'timestep' }, /class_embed_type/],
    ['unet/config.json', { attention_head_dim: [5, 10, 20] }, /attention_head_dim/],
    ['unet/config.json', { attention_head_dim: 7 }, /expected a divisor of every one of block_out_channels/],
    ['unet/config.json', { cross_attention_dim: 48 }, /expected cross_attention_dim 32, the text encoder's, got 48/],
    ['unet/config.json', { sample_size: 18 }, /expected a side that every level can halve/],
    ['vae/config.json', { latent_channels: 8 }, /expected latent_channels 4, the UNet's, got 8/],
    ['text_encoder/config.json', { num_hidden_layers: 1e9 }, /num_hidden_layers/],
    ['text_encoder/config.json', { num_attention_heads: 5 }, /expected a divisor of hidden_size/],
    ['vision_encoder/config.json', { patch_size: 13 }, /expected a divisor of image_size/],
    ['unet/config.json', { down_block_types: ['DownBlock2D'] }, /down_block_types/],
    ['unet/config.json', { up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D', 'UpBlock2D'] }, /up_block_types/],
    ['vae/config.json', { scaling_factor: 'large' }, /scaling_factor/],
    ['text_encoder/config.json', { hidden_act: 'gelu' }, /hidden_act/],
    ['vision_encoder/config.json', { patch_size: 0 }, /patch_size/],
    ['scheduler/scheduler_config.json', { prediction_type: 'v_prediction' }, /prediction_type/],
    ['scheduler/scheduler_config.json', { beta_schedule: 'linear' }, /beta_schedule/],
  ])('of networks we do not have are refused by name: %s %j', (path, change, message) => {
    editJson(path, (json) => ({ ...json, ...change }));
    expect(() => openModelFolder(folder)).toThrow(WeightsError);
    expect(() => openModelFolder(folder)).toThrow(message);
    expect(() => openModelFolder(folder)).toThrow(path);
  });

  it('that are missing or not JSON are refused by their path', () => {
    writeFileSync(join(folder, 'vae/config.json'), '{');
    expect(() => openModelFolder(folder)).toThrow(/vae\/config\.json: expected a JSON file/);
    rmSync(join(folder, 'vae/config.json'));
    expect(() => openModelFolder(folder)).toThrow(/vae\/config\.json: expected a JSON file/);
  });
});

it('takes the mapping networks from either format', () => {
  const { config, checkpoints } = openModelFolder(folder);
  for (const mapper of ['global_mapper', 'local_mapper'] as const) {
    rmSync(join(folder, `${mapper}.pt`));
    const tensors = [...checkpoints.get(mapper)!.values()].map(
      ({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }] as const,
    );
    writeSafetensors(join(folder, `${mapper}.safetensors`), new Map(tensors));
  }
  expect(openModelFolder(folder).config).toEqual(config);
});
