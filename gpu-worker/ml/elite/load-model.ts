import { basename, resolve } from 'node:path';
import { createNoiseSchedule } from '../diffusion/noise-schedule.ts';
import { portable } from '../graph/op-sets/portable.ts';
import { vaeFactor } from '../models/vae.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { openSafetyChecker } from '../safety/safety-checker.ts';
import { openClipTokenizer } from '../text/clip-tokenizer.ts';
import { fingerprintModel } from '../weights/fingerprint.ts';
import { openModelFolder } from '../weights/open-model-folder.ts';
import { describeModel } from './describe-model.ts';
import type { EliteModel } from './elite-model.ts';
import { openNetworks } from './networks.ts';

export type LoadOptions = SessionOptions & {
  readonly featureLayers?: readonly number[];
  /** Whether pictures are judged where the folder has a safety checker. */
  readonly safetyChecker?: boolean;
};

/**
 * Loads a checkpoint folder as it is: graphs are built in memory and read their weights in place.
 *
 * @throws WeightsError or WeightsMismatchError naming files and weights that are missing, broken or do not fit.
 */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<EliteModel> {
  const { modelFolder, description } = describeFolder(folder, options);
  const { config, schedule, checkpoints, tokenizerFolder } = modelFolder;
  const factor = vaeFactor(config.vae);
  const networks = await openNetworks(config, checkpoints, description.defaults, portable, options);
  const wanted = options.safetyChecker === false ? null : modelFolder.safetyChecker;
  const safetyChecker = wanted && (await openSafetyChecker(wanted, portable, options));
  return {
    description,
    config,
    schedule: createNoiseSchedule(schedule),
    tokenizer: openClipTokenizer(tokenizerFolder),
    networks,
    safetyChecker,
    latentCount: ({ width, height }) => (config.unet.latentChannels * width * height) / factor ** 2,
    release: async () => {
      await networks.release();
      await safetyChecker?.release();
    },
  };
}

/**
 * What a checkpoint folder holds and can do; no network is loaded.
 *
 * @throws WeightsError
 */
export function describeFolder(folder: string, options: { featureLayers?: readonly number[] } = {}) {
  const modelFolder = openModelFolder(folder, options);
  const { config, schedule, sampleSize, checkpoints } = modelFolder;
  const fingerprint = fingerprintModel({ config, schedule }, checkpoints);
  const description = describeModel({ name: basename(resolve(folder)), fingerprint, config, sampleSize });
  return { modelFolder, description };
}
