import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NoiseScheduleConfig } from '../diffusion/noise-schedule.ts';
import { gridSize } from '../models/clip-vision.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { FEATURE_LAYERS } from '../models/mapping-networks.ts';
import type { SafetyCheckerConfig } from '../models/safety-checker.ts';
import { type ComponentName, canonicalise } from './checkpoint-names.ts';
import {
  clipTextConfigSchema,
  clipVisionConfigSchema,
  eliteConfigSchema,
  safetyCheckerConfigSchema,
  scheduleConfigSchema,
  unetConfigSchema,
  vaeConfigSchema,
} from './model-configs.ts';
import { chooseWeightsFile, openWeights } from './open-weights.ts';
import { readJson } from './read-json.ts';
import type { WeightIndex } from './tensor-location.ts';
import { WeightsError } from './weights-error.ts';

/** A model as its folder describes it: every configuration, and where every weight lies. */
export type ModelFolder = {
  readonly config: EliteConfig;
  readonly schedule: NoiseScheduleConfig;
  /** Side of the latents that the UNet was trained on. */
  readonly sampleSize: number;
  readonly checkpoints: ReadonlyMap<ComponentName, WeightIndex>;
  /** Holds `vocab.json` and `merges.txt`. */
  readonly tokenizerFolder: string;
  /** Null where the folder has none. */
  readonly safetyChecker: SafetyCheckerWeights | null;
  /** A network that finds what a photo is of, in U²-Net's form; null where the folder has none. */
  readonly segmentationFile: string | null;
};

export type SafetyCheckerWeights = { readonly config: SafetyCheckerConfig; readonly weights: WeightIndex };

const SEGMENTATION = 'segmentation.onnx';

/** What diffusers and transformers call the files of a network's weights. */
export const DIFFUSERS_STEMS: readonly string[] = ['diffusion_pytorch_model'];
export const TRANSFORMERS_STEMS: readonly string[] = ['model', 'pytorch_model'];

/**
 * Opens a folder laid out as Stable Diffusion v1-4's is, with `vision_encoder/` (CLIP's vision tower, or the whole CLIP model) and ELITE's
 * `global_mapper` and `local_mapper` beside it, and perhaps `safety_checker/` and `segmentation.onnx`. Headers and configurations are read, no weights.
 *
 * Which hidden states the mapping networks read is not in the official files: `featureLayers`, else the folder's `elite.json`
 * (`{ "feature_layers": [24, 4, 8, 12, 16] }`), else the authors' layers.
 *
 * With `untrained` the mappers may be missing, as they are before ELITE's training; their networks are then as wide as the vision encoder,
 * which is how wide the authors' are.
 *
 * @throws WeightsError for files that are missing or broken, or describe networks that we do not have.
 */
export function openModelFolder(
  folder: string,
  options: { featureLayers?: readonly number[]; untrained?: boolean } = {},
): ModelFolder {
  const checkpoint = (name: ComponentName, parent: string, stems: readonly string[]) =>
    [name, canonicalise(name, openWeights(parent, stems))] as const;
  const checkpoints = new Map([
    checkpoint('unet', join(folder, 'unet'), DIFFUSERS_STEMS),
    checkpoint('vae', join(folder, 'vae'), DIFFUSERS_STEMS),
    checkpoint('text_encoder', join(folder, 'text_encoder'), TRANSFORMERS_STEMS),
    checkpoint('vision_encoder', join(folder, 'vision_encoder'), TRANSFORMERS_STEMS),
    ...(['global_mapper', 'local_mapper'] as const).flatMap((name) =>
      options.untrained && !chooseWeightsFile([name], (file) => existsSync(join(folder, file)))
        ? []
        : [checkpoint(name, folder, [name])],
    ),
  ]);
  const globalMapper = checkpoints.get('global_mapper');
  const unet = readJson(join(folder, 'unet', 'config.json'), unetConfigSchema);
  const vision = readJson(join(folder, 'vision_encoder', 'config.json'), clipVisionConfigSchema);
  const text = readJson(join(folder, 'text_encoder', 'config.json'), clipTextConfigSchema);
  const vae = readJson(join(folder, 'vae', 'config.json'), vaeConfigSchema);
  const featureLayers = options.featureLayers ?? readFeatureLayers(folder);
  requireFit(folder, { vision, featureLayers, text, unet: unet.network, vae });
  return {
    config: {
      vision,
      featureLayers,
      text,
      mapping: {
        patches: gridSize(vision) ** 2,
        featureSize: vision.hiddenSize,
        hiddenSize: globalMapper ? mappingHiddenSize(folder, globalMapper) : vision.hiddenSize,
        wordSize: text.hiddenSize,
        words: featureLayers.length,
      },
      unet: unet.network,
      vae,
    },
    schedule: readJson(join(folder, 'scheduler', 'scheduler_config.json'), scheduleConfigSchema),
    sampleSize: unet.sampleSize,
    checkpoints,
    tokenizerFolder: join(folder, 'tokenizer'),
    safetyChecker: openSafetyChecker(join(folder, 'safety_checker')),
    segmentationFile: findSegmentation(folder),
  };
}

/** The file of a model's segmentation network, or null. */
export function findSegmentation(folder: string): string | null {
  const file = join(folder, SEGMENTATION);
  return existsSync(file) ? file : null;
}

function openSafetyChecker(folder: string): SafetyCheckerWeights | null {
  if (!existsSync(folder)) return null;
  return {
    config: readJson(join(folder, 'config.json'), safetyCheckerConfigSchema),
    weights: canonicalise('safety_checker', openWeights(folder, TRANSFORMERS_STEMS)),
  };
}

function readFeatureLayers(folder: string): readonly number[] {
  const file = join(folder, 'elite.json');
  return existsSync(file) ? readJson(file, eliteConfigSchema).feature_layers : FEATURE_LAYERS;
}

/** Whether networks that are each sound also fit together. */
function requireFit(folder: string, { vision, featureLayers, text, unet, vae }: Omit<EliteConfig, 'mapping'>): void {
  const require = (file: string, expected: string, got: number, fits: boolean) => {
    if (!fits) throw new WeightsError(join(folder, file), `expected ${expected}, got ${got}`);
  };
  const deepest = Math.max(...featureLayers);
  require('vision_encoder/config.json', `${deepest} num_hidden_layers, the deepest that is read`, vision.layers, vision.layers >=
    deepest);
  require('unet/config.json', `cross_attention_dim ${text.hiddenSize}, the text encoder's`, unet.contextSize, unet.contextSize ===
    text.hiddenSize);
  require('vae/config.json', `latent_channels ${unet.latentChannels}, the UNet's`, vae.latentChannels, vae.latentChannels ===
    unet.latentChannels);
}

/** The mapping networks come without a configuration; their first layer shows how wide they are. */
function mappingHiddenSize(folder: string, globalMapper: WeightIndex): number {
  const [hiddenSize] = globalMapper.get('mapping_0.0.bias')?.shape ?? [];
  if (hiddenSize === undefined)
    throw new WeightsError(join(folder, 'global_mapper'), 'expected a tensor "mapping_0.0.bias" of one dimension');
  return hiddenSize;
}
