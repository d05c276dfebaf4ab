import { z } from 'zod';
import type { NoiseScheduleConfig } from '../diffusion/noise-schedule.ts';
import type { ClipTextConfig } from '../models/clip-text.ts';
import type { ClipVisionConfig } from '../models/clip-vision.ts';
import type { SafetyCheckerConfig } from '../models/safety-checker.ts';
import type { UNetConfig } from '../models/unet.ts';
import type { VaeConfig } from '../models/vae.ts';

/**
 * The configuration files of diffusers and transformers, read into ours. What is optional has the value that those libraries give a file
 * without it; a literal is a variant that our networks do not have another form of, so that an unknown architecture is refused by name.
 */

const size = z.int().min(1).max(1_000_000);

/** Bounds far beyond any model of this kind, so that a file cannot ask for a network that takes hours to lay out. */
const count = size.max(256);
const side = size.max(4096);
const levels = z.array(size).min(1).max(8);

function divisible(whole: number, part: number): boolean {
  return whole % part === 0;
}

export const unetConfigSchema = z
  .object({
    /** Side of the latents it was trained on. */
    sample_size: side,
    in_channels: count,
    out_channels: count,
    block_out_channels: levels,
    down_block_types: z.array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D'])),
    up_block_types: z.array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D'])),
    mid_block_type: z.literal('UNetMidBlock2DCrossAttn').default('UNetMidBlock2DCrossAttn'),
    layers_per_block: count,
    cross_attention_dim: size,
    /** The number of heads: diffusers named it so by mistake and kept it. */
    attention_head_dim: count,
    norm_num_groups: size,
    norm_eps: z.number().positive(),
    act_fn: z.literal('silu').default('silu'),
    center_input_sample: z.literal(false).default(false),
    flip_sin_to_cos: z.literal(true).default(true),
    freq_shift: z.literal(0).default(0),
    downsample_padding: z.literal(1).default(1),
    mid_block_scale_factor: z.literal(1).default(1),
    only_cross_attention: z.literal(false).default(false),
    dual_cross_attention: z.literal(false).default(false),
    use_linear_projection: z.literal(false).default(false),
    class_embed_type: z.null().default(null),
    addition_embed_type: z.null().default(null),
    resnet_time_scale_shift: z.literal('default').default('default'),
  })
  .refine((config) => config.in_channels === config.out_channels, {
    error: 'expected as many channels out as in: the network predicts noise',
    path: ['out_channels'],
  })
  .refine((config) => config.down_block_types.length === config.block_out_channels.length, {
    error: 'expected one for each of block_out_channels',
    path: ['down_block_types'],
  })
  .refine((config) => isMirrored(config.down_block_types, config.up_block_types), {
    error: 'expected down_block_types mirrored',
    path: ['up_block_types'],
  })
  .refine((config) => config.block_out_channels.every((channels) => divisible(channels, config.norm_num_groups)), {
    error: 'expected a divisor of every one of block_out_channels',
    path: ['norm_num_groups'],
  })
  .refine((config) => config.block_out_channels.every((channels) => divisible(channels, config.attention_head_dim)), {
    error: 'expected a divisor of every one of block_out_channels',
    path: ['attention_head_dim'],
  })
  .refine((config) => divisible(config.sample_size, 2 ** (config.block_out_channels.length - 1)), {
    error: 'expected a side that every level can halve',
    path: ['sample_size'],
  })
  .transform((config) => ({
    sampleSize: config.sample_size,
    network: {
      latentChannels: config.in_channels,
      blockChannels: config.block_out_channels,
      blockAttention: config.down_block_types.map(hasAttention),
      layersPerBlock: config.layers_per_block,
      contextSize: config.cross_attention_dim,
      heads: config.attention_head_dim,
      groups: config.norm_num_groups,
      epsilon: config.norm_eps,
    } satisfies UNetConfig,
  }));

function isMirrored(down: readonly string[], up: readonly string[]): boolean {
  return (
    down.length === up.length && down.every((type, level) => hasAttention(type) === hasAttention(up.at(-1 - level)!))
  );
}

function hasAttention(blockType: string): boolean {
  return blockType.startsWith('CrossAttn');
}

export const vaeConfigSchema = z
  .object({
    in_channels: z.literal(3),
    latent_channels: count,
    block_out_channels: levels,
    down_block_types: z.array(z.literal('DownEncoderBlock2D')),
    up_block_types: z.array(z.literal('UpDecoderBlock2D')),
    layers_per_block: count,
    norm_num_groups: size,
    scaling_factor: z.number().positive().default(0.18215),
    act_fn: z.literal('silu').default('silu'),
    mid_block_add_attention: z.literal(true).default(true),
    shift_factor: z.null().default(null),
  })
  .refine((config) => config.block_out_channels.every((channels) => divisible(channels, config.norm_num_groups)), {
    error: 'expected a divisor of every one of block_out_channels',
    path: ['norm_num_groups'],
  })
  .transform(
    (config): VaeConfig => ({
      imageChannels: config.in_channels,
      latentChannels: config.latent_channels,
      blockChannels: config.block_out_channels,
      layersPerBlock: config.layers_per_block,
      groups: config.norm_num_groups,
      scalingFactor: config.scaling_factor,
    }),
  );

const clipEncoderFields = {
  hidden_size: size.max(16_384),
  intermediate_size: size,
  num_hidden_layers: count,
  num_attention_heads: count,
  layer_norm_eps: z.number().positive().default(1e-5),
  hidden_act: z.literal('quick_gelu').default('quick_gelu'),
};

type ClipEncoderJson = z.infer<z.ZodObject<typeof clipEncoderFields>>;

function clipEncoderConfig(config: ClipEncoderJson) {
  return {
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    layerNormEpsilon: config.layer_norm_eps,
  };
}

const HEADS_ERROR = { error: 'expected a divisor of hidden_size', path: ['num_attention_heads'] };

function hasWholeHeads(config: ClipEncoderJson): boolean {
  return divisible(config.hidden_size, config.num_attention_heads);
}

export const clipTextConfigSchema = z
  .object({ ...clipEncoderFields, vocab_size: size, max_position_embeddings: side })
  .refine(hasWholeHeads, HEADS_ERROR)
  .transform(
    (config): ClipTextConfig => ({
      ...clipEncoderConfig(config),
      vocabularySize: config.vocab_size,
      positions: config.max_position_embeddings,
    }),
  );

const clipVisionFields = z.object({
  ...clipEncoderFields,
  image_size: side,
  patch_size: side,
  num_channels: z.literal(3).default(3),
});

const clipVisionSchema = clipVisionFields
  .refine(hasWholeHeads, HEADS_ERROR)
  .refine((config) => divisible(config.image_size, config.patch_size), {
    error: 'expected a divisor of image_size',
    path: ['patch_size'],
  })
  .transform(
    (config): ClipVisionConfig => ({
      ...clipEncoderConfig(config),
      imageSize: config.image_size,
      patchSize: config.patch_size,
    }),
  );

/** A CLIPVisionModel's configuration, or a whole CLIPModel's, which nests it. */
export const clipVisionConfigSchema = z
  .looseObject({})
  .transform((config) => config.vision_config ?? config)
  .pipe(clipVisionSchema);

/** A CLIPModel's configuration too; its text part is not used. */
export const safetyCheckerConfigSchema = z.object({ vision_config: clipVisionSchema, projection_dim: size }).transform(
  ({ vision_config, projection_dim }): SafetyCheckerConfig => ({
    vision: vision_config,
    projectionSize: projection_dim,
  }),
);

/** Whatever sampler the file names: only the noise the networks were trained with is read. */
export const scheduleConfigSchema = z
  .object({
    num_train_timesteps: size.max(100_000),
    beta_start: z.number().positive(),
    beta_end: z.number().positive(),
    beta_schedule: z.literal('scaled_linear'),
    trained_betas: z.null().default(null),
    prediction_type: z.literal('epsilon').default('epsilon'),
  })
  .transform(
    (config): NoiseScheduleConfig => ({
      trainTimesteps: config.num_train_timesteps,
      betaStart: config.beta_start,
      betaEnd: config.beta_end,
    }),
  );

/** Ours, `elite.json`, for a model whose mapping networks read other layers than the authors'. */
export const eliteConfigSchema = z.object({ feature_layers: z.array(z.int().nonnegative()).min(1).max(64) });
