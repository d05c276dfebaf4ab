import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { tensorBytes } from '../../../shared/safetensors.ts';
import { checkNamesAndShapes, folderCheckpoints } from '../elite/check-folder.ts';
import { int8Layout } from '../elite/int8-layers.ts';
import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import type { ComponentName } from '../weights/checkpoint-names.ts';
import { convertTensor } from '../weights/convert-tensor.ts';
import { listModelFiles, readModelJson, type Target } from '../weights/model-json.ts';
import type { Precision } from '../weights/precision.ts';
import { quantiseTensor } from '../weights/quantise-weight.ts';
import { writeSafetensorsStepwise } from '../weights/safetensors.ts';
import type { TensorLocation, WeightIndex } from '../weights/tensor-location.ts';
import type { DeferredTensor } from '../weights/tensor-to-write.ts';
import { WeightsError } from '../weights/weights-error.ts';
import { describeFiles } from './describe-files.ts';
import { follow } from './follow.ts';
import { progressChannel } from './progress-channel.ts';

export type BuildProgress = {
  readonly stage: 'convert' | 'check';
  readonly path: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
};

export type BuildOptions = {
  readonly precision: Precision;
  /** What kind of machine it is for: any when left out. */
  readonly target?: Target;
  readonly signal?: AbortSignal;
};

/** Where each network's weights go. */
const OUTPUTS: Readonly<Record<ComponentName, string>> = {
  unet: 'unet/diffusion_pytorch_model.safetensors',
  vae: 'vae/diffusion_pytorch_model.safetensors',
  text_encoder: 'text_encoder/model.safetensors',
  vision_encoder: 'vision_encoder/model.safetensors',
  global_mapper: 'global_mapper.safetensors',
  local_mapper: 'local_mapper.safetensors',
  safety_checker: 'safety_checker/model.safetensors',
};

/** Files that hold weights in a form of their own; all others are copied. */
const WEIGHT_FILE = /\.(safetensors|bin|pt|pth|ckpt|msgpack|h5)(\.index(\.fp16)?\.json)?$/;

/**
 * Writes a model anew, for another kind of machine or with its weights in another precision, one tensor at a time. `target` appears when everything in it is written and
 * checked; until then, and after an error or an abort, there is nothing by that name.
 *
 * @throws WeightsError or WeightsMismatchError naming files and weights that are missing, broken, do not fit or are no numbers.
 */
export function buildModel(
  source: string,
  target: string,
  { precision, target: builtFor = 'portable', signal }: BuildOptions,
): AsyncGenerator<BuildProgress, ModelDescription> {
  return progressChannel(async (emit, aborted) => {
    if (existsSync(target)) throw new WeightsError(target, 'is there already');
    const { modelFolder, description, checkpoints } = folderCheckpoints(source);
    checkNamesAndShapes(source);
    const partial = join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
    try {
      mkdirSync(partial, { recursive: true });
      copySettings(source, partial);
      const plans = planNetworks(checkpoints, storageOf(precision, modelFolder.config, description.defaults));
      await writeNetworks(plans, partial, { emit, aborted });
      const naming = {
        name: basename(target),
        licence: description.licence,
        defaults: readModelJson(source)?.defaults,
        target: builtFor,
        precision,
      };
      const built = await follow(describeFiles(partial, naming, { signal: aborted }), (progress) =>
        emit({ stage: 'check', ...progress }),
      );
      renameSync(partial, target);
      return built;
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }, signal);
}

function copySettings(source: string, target: string): void {
  for (const path of listModelFiles(source)) {
    if (WEIGHT_FILE.test(path)) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(source, path), join(target, path));
  }
}

/** What a weight is stored as: one tensor, or several. `path` names its network too. */
type Store = (name: string, location: TensorLocation, path: string) => DeferredTensor[];

function storageOf(precision: Precision, config: EliteConfig, size: PictureSize): Store {
  if (precision !== 'int8') return (name, location) => [convertTensor(name, location, precision)];
  const layout = int8Layout(config, size);
  return (name, location, path) => {
    const shape = layout.get(path);
    return shape ? quantiseTensor(name, location, shape) : [convertTensor(name, location, 'fp32')];
  };
}

type Plan = { readonly path: string; readonly tensors: readonly DeferredTensor[] };

function planNetworks(networks: ReadonlyMap<ComponentName, WeightIndex>, store: Store): Plan[] {
  return [...networks].map(([network, index]) => ({
    path: OUTPUTS[network],
    tensors: [...index].flatMap(([name, location]) => store(name, location, `${network}/${name}`)),
  }));
}

type Writing = { readonly emit: (progress: BuildProgress) => void; readonly aborted: AbortSignal };

async function writeNetworks(plans: readonly Plan[], target: string, { emit, aborted }: Writing): Promise<void> {
  const sizes = plans.flatMap(({ tensors }) => tensors.map(({ dtype, shape }) => tensorBytes(dtype, shape)));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let doneBytes = 0;
  for (const { path, tensors } of plans) {
    for (const writtenBytes of writeSafetensorsStepwise(join(target, path), tensors, { format: 'pt' })) {
      doneBytes += writtenBytes;
      emit({ stage: 'convert', path, doneBytes, totalBytes });
      await yieldToEvents(); // signals and progress get their turn
      aborted.throwIfAborted();
    }
  }
}
