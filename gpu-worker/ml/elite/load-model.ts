import { basename, resolve } from 'node:path';
import { createNoiseSchedule } from '../diffusion/noise-schedule.ts';
import { vaeFactor } from '../models/vae.ts';
import type { OpenOptions } from '../runtime/open-warm-session.ts';
import { openSafetyChecker } from '../safety/safety-checker.ts';
import { openSegmenter } from '../segmentation/segmenter.ts';
import { openClipTokenizer } from '../text/clip-tokenizer.ts';
import { fingerprintModel } from '../weights/fingerprint.ts';
import { type ModelNaming, readModelJson } from '../weights/model-json.ts';
import { openModelFolder } from '../weights/open-model-folder.ts';
import { WeightsError } from '../weights/weights-error.ts';
import { describeModel } from './describe-model.ts';
import type { EliteModel } from './elite-model.ts';
import { openNetworks } from './networks.ts';
import { chooseProvider, targets } from './targets.ts';

export type LoadOptions = Omit<OpenOptions, 'training'> & {
  readonly featureLayers?: readonly number[];
  /** Whether pictures are judged where the folder has a safety checker. */
  readonly safetyChecker?: boolean;
  /** Whether the folder's segmentation is loaded where it has one. */
  readonly segmenter?: boolean;
};

/**
 * Loads a checkpoint folder as it is: graphs are built in memory, for the machine that the folder was built for, and read their weights in place.
 *
 * @throws RangeError where a provider is asked for that a folder built for another does not run on.
 * @throws ProviderError where the provider is not there or refuses a graph. Whatever fails, no session stays open.
 * @throws WeightsError or WeightsMismatchError naming files and weights that are missing, broken or do not fit.
 */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<EliteModel> {
  const { modelFolder, description, target, ops } = describeFolder(folder, options);
  const { config, schedule, checkpoints, tokenizerFolder, segmentationFile } = modelFolder;
  const tokenizer = openClipTokenizer(tokenizerFolder, { vocabularySize: config.text.vocabularySize });
  const factor = vaeFactor(config.vae);
  const { threads, openSession } = options;
  const sessionOptions = { threads, openSession, provider: chooseProvider(target, options.provider) };
  await using opening = new AsyncDisposableStack();
  const opened = async <Part extends Releasable>(part: Promise<Part>): Promise<Part> =>
    opening.adopt(await part, ({ release }) => release());
  const networks = await opened(openNetworks(config, checkpoints, description.defaults, ops, sessionOptions));
  const checked = options.safetyChecker === false ? null : modelFolder.safetyChecker;
  const safetyChecker = checked && (await opened(openSafetyChecker(checked, ops, sessionOptions)));
  const segmented = options.segmenter === false ? null : segmentationFile;
  const segmenter = segmented === null ? null : await opened(openSegmenter(segmented, sessionOptions));
  const open = opening.move();
  return {
    description,
    target,
    config,
    schedule: createNoiseSchedule(schedule),
    tokenizer,
    networks,
    safetyChecker,
    segmenter,
    latentCount: ({ width, height }) => (config.unet.latentChannels * width * height) / factor ** 2,
    release: () => open.disposeAsync(),
  };
}

type Releasable = { release(): Promise<void> };

type DescribeOptions = {
  readonly featureLayers?: readonly number[];
  /** Whether the folder must be what `model.json` says; not while that file is about to be written. */
  readonly trustModelJson?: boolean;
  /** What its `model.json` is about to say, in place of what is there. */
  readonly naming?: ModelNaming;
};

/**
 * What a checkpoint folder holds and can do, and what its graphs are made of; no network is loaded. Name, licence and defaults come from its `model.json`; without one, the name is
 * the folder's, the licence Stable Diffusion's and the defaults the paper's.
 *
 * @throws WeightsError where files are missing or broken, or are not those that `model.json` was written for.
 */
export function describeFolder(folder: string, options: DescribeOptions = {}) {
  const modelFolder = openModelFolder(folder, options);
  const { config, schedule, sampleSize, checkpoints } = modelFolder;
  const fingerprint = fingerprintModel({ config, schedule }, checkpoints);
  const json = readModelJson(folder);
  const { trustModelJson = options.featureLayers === undefined } = options;
  if (trustModelJson && json?.fingerprint && json.fingerprint !== fingerprint)
    throw new WeightsError(
      folder,
      `model.json was written for a model with fingerprint ${json.fingerprint}, these weights and settings have ${fingerprint}`,
    );
  const {
    name = basename(resolve(folder)),
    licence,
    defaults,
    target = 'portable',
    precision = 'fp32',
  } = {
    ...json,
    ...options.naming,
  };
  const segmentation = modelFolder.segmentationFile !== null;
  const description = describeModel({ name, fingerprint, config, sampleSize, segmentation, licence, defaults });
  return { modelFolder, description, target, ops: targets[target].ops(precision, checkpoints) };
}
