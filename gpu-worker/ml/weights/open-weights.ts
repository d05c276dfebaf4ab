import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readSafetensorsIndex } from './safetensors.ts';
import type { WeightIndex } from './tensor-location.ts';
import { readTorchIndex } from './torch-checkpoint.ts';
import { WeightsError } from './weights-error.ts';

/** How the files of a stem may end, in order of preference: whole precision first, and safetensors before pickles. */
const ENDINGS = [
  '.safetensors',
  '.safetensors.index.json',
  '.bin',
  '.bin.index.json',
  '.pt',
  '.fp16.safetensors',
  '.safetensors.index.fp16.json',
  '.fp16.bin',
  '.bin.index.fp16.json',
];

const shardIndexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads where the weights in `folder` lie, named as the libraries name them: `model.safetensors`, `model.safetensors.index.json` and its
 * shards, `pytorch_model.fp16.bin` … Of several the one whose ending comes first in the order above is taken, then the one whose stem does.
 *
 * @throws WeightsError if there are none, or they are broken.
 */
export function openWeights(folder: string, stems: readonly string[]): WeightIndex {
  const found = chooseWeightsFile(stems, (name) => existsSync(join(folder, name)));
  if (found === undefined) throw new WeightsError(folder, `expected one of ${weightsFileNames(stems).join(', ')}`);
  return openWeightFile(join(folder, found));
}

/** The file that `openWeights` would take where `exists` says which are there. */
export function chooseWeightsFile(stems: readonly string[], exists: (name: string) => boolean): string | undefined {
  return weightsFileNames(stems).find(exists);
}

function weightsFileNames(stems: readonly string[]): string[] {
  return ENDINGS.flatMap((ending) => stems.map((stem) => `${stem}${ending}`));
}

/**
 * Reads where the weights of one file lie, or of the shards that an index file names.
 *
 * @throws WeightsError
 */
export function openWeightFile(file: string): WeightIndex {
  if (file.endsWith('.json')) return openShards(file);
  return file.endsWith('.safetensors') ? readSafetensorsIndex(file) : readTorchIndex(file);
}

function openShards(indexFile: string): WeightIndex {
  const weightMap = readWeightMap(indexFile);
  const shards = new Map(
    [...new Set(weightMap.values())].map((shard) => [shard, openShard(indexFile, shard)] as const),
  );
  return new Map(
    [...weightMap].map(([name, shard]) => {
      const location = shards.get(shard)!.get(name);
      if (!location) throw new WeightsError(indexFile, `tensor "${name}" is not in ${shard}`);
      return [name, location] as const;
    }),
  );
}

function readWeightMap(indexFile: string): Map<string, string> {
  try {
    return new Map(Object.entries(shardIndexSchema.parse(JSON.parse(readFileSync(indexFile, 'utf8'))).weight_map));
  } catch (cause) {
    throw new WeightsError(indexFile, 'expected JSON with a weight_map of tensor names to file names', { cause });
  }
}

/** Shards lie beside their index, where the index is: in a cache both may be links into one heap of files. */
function openShard(indexFile: string, shard: string): WeightIndex {
  if (shard !== basename(shard) || shard.endsWith('.json'))
    throw new WeightsError(indexFile, `the shard "${shard}" is not the name of a weight file beside the index`);
  return openWeightFile(join(dirname(indexFile), shard));
}
