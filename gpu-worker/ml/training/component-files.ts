import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SD_V1_4_SCHEDULE } from '../diffusion/noise-schedule.ts';
import type { ClipTextConfig } from '../models/clip-text.ts';
import type { ClipVisionConfig } from '../models/clip-vision.ts';
import type { UNetConfig } from '../models/unet.ts';
import type { VaeConfig } from '../models/vae.ts';
import type { ModelJson, OwnDefaults } from '../weights/model-json.ts';
import { writeSafetensors } from '../weights/safetensors.ts';
import type { TensorToWrite } from '../weights/tensor-to-write.ts';

type Component = { folder: string; weightsFile: string; config: object };

/** Writes one component of a model folder, configuration and weights, as diffusers and transformers lay it out. */
export function writeComponent(
  modelFolder: string,
  component: Component,
  tensors: ReadonlyMap<string, TensorToWrite>,
): void {
  const folder = join(modelFolder, component.folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(component.config, null, 2)}\n`);
  writeSafetensors(join(folder, component.weightsFile), tensors, { format: 'pt' });
}

/** Of weights that were trained from nothing on pictures we draw. */
const OWN_LICENCE: ModelJson['licence'] = {
  name: 'Apache-2.0',
  url: 'https://www.apache.org/licenses/LICENSE-2.0',
  use_restrictions: [],
};

/**
 * Writes what a model folder says beside its components: the noise schedule of the training, the layers that ELITE reads, whose the
 * weights are, and how they are best drawn with.
 */
export function writeSettings(
  modelFolder: string,
  { featureLayers, defaults }: { featureLayers: readonly number[]; defaults: OwnDefaults },
): void {
  const write = (name: string, content: object) =>
    writeFileSync(join(modelFolder, name), `${JSON.stringify(content, null, 2)}\n`);
  const { trainTimesteps, betaStart, betaEnd } = SD_V1_4_SCHEDULE;
  mkdirSync(join(modelFolder, 'scheduler'), { recursive: true });
  write(join('scheduler', 'scheduler_config.json'), {
    _class_name: 'LMSDiscreteScheduler',
    num_train_timesteps: trainTimesteps,
    beta_start: betaStart,
    beta_end: betaEnd,
    beta_schedule: 'scaled_linear',
    prediction_type: 'epsilon',
  });
  write('elite.json', { feature_layers: featureLayers });
  const modelJson: ModelJson = { format: 'elite-model', version: 1, name: 'toyland', licence: OWN_LICENCE, defaults };
  write('model.json', modelJson);
}

const diffusersFile = 'diffusion_pytorch_model.safetensors';
const transformersFile = 'model.safetensors';

export function vaeComponent(config: VaeConfig, sizePx: number): Component {
  return {
    folder: 'vae',
    weightsFile: diffusersFile,
    config: {
      _class_name: 'AutoencoderKL',
      in_channels: config.imageChannels,
      out_channels: config.imageChannels,
      latent_channels: config.latentChannels,
      block_out_channels: config.blockChannels,
      down_block_types: config.blockChannels.map(() => 'DownEncoderBlock2D'),
      up_block_types: config.blockChannels.map(() => 'UpDecoderBlock2D'),
      layers_per_block: config.layersPerBlock,
      norm_num_groups: config.groups,
      act_fn: 'silu',
      sample_size: sizePx,
      scaling_factor: config.scalingFactor,
    },
  };
}

export function unetComponent(config: UNetConfig, sampleSize: number): Component {
  const blockType = (direction: string, attention: boolean) => `${attention ? 'CrossAttn' : ''}${direction}Block2D`;
  return {
    folder: 'unet',
    weightsFile: diffusersFile,
    config: {
      _class_name: 'UNet2DConditionModel',
      sample_size: sampleSize,
      in_channels: config.latentChannels,
      out_channels: config.latentChannels,
      block_out_channels: config.blockChannels,
      down_block_types: config.blockAttention.map((attention) => blockType('Down', attention)),
      mid_block_type: 'UNetMidBlock2DCrossAttn',
      up_block_types: config.blockAttention.toReversed().map((attention) => blockType('Up', attention)),
      layers_per_block: config.layersPerBlock,
      cross_attention_dim: config.contextSize,
      attention_head_dim: config.heads,
      norm_num_groups: config.groups,
      norm_eps: config.epsilon,
      act_fn: 'silu',
      flip_sin_to_cos: true,
      freq_shift: 0,
    },
  };
}

export function clipTextComponent(config: ClipTextConfig): Component {
  return {
    folder: 'text_encoder',
    weightsFile: transformersFile,
    config: {
      model_type: 'clip_text_model',
      vocab_size: config.vocabularySize,
      max_position_embeddings: config.positions,
      ...clipEncoderConfig(config),
    },
  };
}

export function clipVisionComponent(config: ClipVisionConfig): Component {
  return {
    folder: 'vision_encoder',
    weightsFile: transformersFile,
    config: {
      model_type: 'clip_vision_model',
      image_size: config.imageSize,
      patch_size: config.patchSize,
      num_channels: 3,
      ...clipEncoderConfig(config),
    },
  };
}

function clipEncoderConfig(config: ClipTextConfig | ClipVisionConfig) {
  return {
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    layer_norm_eps: config.layerNormEpsilon,
    hidden_act: 'quick_gelu',
  };
}
