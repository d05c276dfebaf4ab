import { createHash } from 'node:crypto';
import type { Checkpoints } from './bind-weights.ts';
import { type FileBytes, withFileBytes } from './file-bytes.ts';
import type { TensorLocation, WeightIndex } from './tensor-location.ts';

const BLOCK_BYTES = 256;
const BLOCKS_PER_TENSOR = 16;
const HEX_DIGITS = 32;

/**
 * A short name for a model that changes when its configuration, a weight's name, type or shape, or the weights' values change: a SHA-256
 * over all of these. Of each tensor sixteen evenly spread blocks are read, first and last included, so that five gigabytes cost
 * milliseconds; small tensors are read whole. It tells models apart by accident, not by attack.
 */
export function fingerprintModel(config: unknown, checkpoints: Checkpoints): string {
  const digests = [...checkpoints].flatMap(([checkpoint, index]) =>
    digestTensors(index).map(([name, digest]) => `${checkpoint}/${name} ${digest}\n`),
  );
  const hash = createHash('sha256').update(JSON.stringify(config)).update('\n');
  for (const line of digests.sort()) hash.update(line);
  return hash.digest('hex').slice(0, HEX_DIGITS);
}

function digestTensors(index: WeightIndex): [name: string, digest: string][] {
  const byFile = Map.groupBy(index.values(), ({ file }) => file);
  return [...byFile].flatMap(([file, tensors]) =>
    withFileBytes(file, (bytes) =>
      tensors.map((tensor): [string, string] => [tensor.name, digestTensor(tensor, bytes)]),
    ),
  );
}

function digestTensor({ dtype, shape, offset, length }: TensorLocation, bytes: FileBytes): string {
  const hash = createHash('sha256').update(`${dtype} ${shape.join(',')}\n`);
  for (const start of blockStarts(length))
    hash.update(bytes.read(offset + start, Math.min(BLOCK_BYTES, length - start)));
  return hash.digest('hex');
}

/** Where the blocks of a tensor of `length` bytes begin. */
function blockStarts(length: number): number[] {
  const blocks = Math.ceil(length / BLOCK_BYTES);
  if (blocks <= BLOCKS_PER_TENSOR) return Array.from({ length: blocks }, (_, block) => block * BLOCK_BYTES);
  const last = length - BLOCK_BYTES;
  return Array.from({ length: BLOCKS_PER_TENSOR }, (_, block) => Math.floor((block * last) / (BLOCKS_PER_TENSOR - 1)));
}
