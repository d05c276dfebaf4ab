import { posix } from 'node:path';
import { DIFFUSERS_STEMS, TRANSFORMERS_STEMS } from '../open-model-folder.ts';
import { chooseWeightsFile } from '../open-weights.ts';
import { DownloadError } from './download-error.ts';
import { type HubAccess, type HubRepository, hubSource, listHubFiles } from './hub-repository.ts';
import { openSource, type SourceFile } from './source-file.ts';

/** Where the parts of a model come from. */
export type ModelSources = {
  readonly stableDiffusion: HubRepository;
  /** Holds the vision encoder. */
  readonly clip: HubRepository;
  /** ELITE's two mapper files, by URL or path. */
  readonly globalMapper: string;
  readonly localMapper: string;
  readonly safetyChecker: boolean;
};

/** The authors' own. Their mapper files have no fixed address. */
export const STABLE_DIFFUSION_V1_4 = 'CompVis/stable-diffusion-v1-4';
export const CLIP_VIT_L_14 = 'openai/clip-vit-large-patch14';

/** A file of the model folder to be. */
export type PlannedFile = { readonly path: string; readonly source: SourceFile };

/** Part of a repository: files to take from one of its folders, by name, and the weights of a network. */
type Part = {
  readonly from: string;
  readonly to: string;
  readonly files: readonly string[];
  /** Taken where the repository has them. */
  readonly optionalFiles?: readonly string[];
  readonly weightsStems?: readonly string[];
};

const STABLE_DIFFUSION_PARTS: readonly Part[] = [
  { from: '', to: '', files: ['model_index.json'], optionalFiles: ['elite.json'] },
  { from: 'unet', to: 'unet', files: ['config.json'], weightsStems: DIFFUSERS_STEMS },
  { from: 'vae', to: 'vae', files: ['config.json'], weightsStems: DIFFUSERS_STEMS },
  { from: 'text_encoder', to: 'text_encoder', files: ['config.json'], weightsStems: TRANSFORMERS_STEMS },
  { from: 'tokenizer', to: 'tokenizer', files: ['vocab.json', 'merges.txt'] },
  { from: 'scheduler', to: 'scheduler', files: ['scheduler_config.json'] },
];

const SAFETY_CHECKER_PARTS: readonly Part[] = [
  { from: 'safety_checker', to: 'safety_checker', files: ['config.json'], weightsStems: TRANSFORMERS_STEMS },
];

const CLIP_PARTS: readonly Part[] = [
  { from: '', to: 'vision_encoder', files: ['config.json'], weightsStems: TRANSFORMERS_STEMS },
];

/**
 * Every file a model folder needs: of each network's weights one form only, the one that `openWeights` prefers.
 *
 * @throws DownloadError naming the first that is not there.
 */
export async function planPull(sources: ModelSources, access: HubAccess): Promise<PlannedFile[]> {
  const stableDiffusionParts = sources.safetyChecker
    ? [...STABLE_DIFFUSION_PARTS, ...SAFETY_CHECKER_PARTS]
    : STABLE_DIFFUSION_PARTS;
  return [
    ...(await planRepository(sources.stableDiffusion, stableDiffusionParts, access)),
    ...(await planRepository(sources.clip, CLIP_PARTS, access)),
    await planMapper('global_mapper', sources.globalMapper),
    await planMapper('local_mapper', sources.localMapper),
  ];
}

async function planMapper(stem: string, urlOrPath: string): Promise<PlannedFile> {
  const source = await openSource(urlOrPath);
  return { path: `${stem}${source.name.endsWith('.safetensors') ? '.safetensors' : '.pt'}`, source };
}

async function planRepository(
  repository: HubRepository,
  parts: readonly Part[],
  access: HubAccess,
): Promise<PlannedFile[]> {
  const listed = new Map((await listHubFiles(repository, access)).map((file) => [file.path, file]));
  return parts.flatMap((part) =>
    partFiles(repository, part, [...listed.keys()]).map((name): PlannedFile => {
      const file = listed.get(posix.join(part.from, name));
      if (!file) throw new DownloadError(repository.name, `expected a file ${posix.join(part.from, name)}`);
      return { path: posix.join(part.to, name), source: hubSource(repository, file, access) };
    }),
  );
}

function partFiles(repository: HubRepository, part: Part, paths: readonly string[]): readonly string[] {
  const inFolder = paths
    .filter((path) => posix.dirname(path) === (part.from || '.'))
    .map((path) => posix.basename(path));
  const files = [...part.files, ...(part.optionalFiles ?? []).filter((name) => inFolder.includes(name))];
  if (!part.weightsStems) return files;
  const weights = chooseWeightsFile(part.weightsStems, (name) => inFolder.includes(name));
  if (weights === undefined)
    throw new DownloadError(repository.name, `expected weights in ${part.from || 'its root'}, found none`);
  const shards = weights.endsWith('.json') ? inFolder.filter((name) => isShardOf(weights, name)) : [];
  return [...files, weights, ...shards];
}

/** `model.safetensors.index.json` lists `model-00001-of-00003.safetensors` … */
function isShardOf(indexName: string, name: string): boolean {
  const [stem, extension] = indexName.split('.');
  return (
    name.startsWith(`${stem}-`) && /^-\d{5}-of-\d{5}\./.test(name.slice(stem.length)) && name.endsWith(`.${extension}`)
  );
}
