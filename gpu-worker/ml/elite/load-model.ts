import { basename, resolve } from 'node:path';
import { createNoiseSchedule } from '../diffusion/noise-schedule.ts';
import { portable } from '../graph/op-sets/portable.ts';
import { vaeFactor } from '../models/vae.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { openClipTokenizer } from '../text/clip-tokenizer.ts';
import { fingerprintModel } from '../weights/fingerprint.ts';
import { openModelFolder } from '../weights/open-model-folder.ts';
import { describeModel } from './describe-model.ts';
import type { EliteModel } from './elite-model.ts';
import { openNetworks } from './networks.ts';

/**
 * Loads a checkpoint folder as it is: graphs are built in memory and read their weights in place.
 *
 * @throws WeightsError or WeightsMismatchError naming files and weights that are missing, broken or do not fit.
 */
export async function loadModel(
  folder: string,
  options: SessionOptions & { featureLayers?: readonly number[] } = {},
): Promise<EliteModel> {
  const { config, schedule, sampleSize, checkpoints, tokenizerFolder } = openModelFolder(folder, options);
  const fingerprint = fingerprintModel({ config, schedule }, checkpoints);
  const factor = vaeFactor(config.vae);
  const side = sampleSize * factor;
  return {
    description: describeModel({ name: basename(resolve(folder)), fingerprint, config, sampleSize }),
    config,
    schedule: createNoiseSchedule(schedule),
    tokenizer: openClipTokenizer(tokenizerFolder),
    networks: await openNetworks(config, checkpoints, { height: side, width: side }, portable, options),
    latentCount: ({ width, height }) => (config.unet.latentChannels * width * height) / factor ** 2,
  };
}
