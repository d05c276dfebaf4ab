import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openReferenceSet } from '../../gpu-worker/ml/evaluation/reference-set.ts';

const repositoryDir = resolve(import.meta.dirname, '../..');

/** A folder with `model/`, `golden/`, `pictures/` and `manifests/`; `REFERENCE_DIR=<folder>` chooses another set of that layout. */
export const referenceDir = resolve(repositoryDir, process.env.REFERENCE_DIR ?? 'test/fixtures/reference');

/** The tiny model the golden tensors were made with, in the official file formats. */
export const modelDir = join(referenceDir, 'model');

export const { index: reference, golden } = openReferenceSet(referenceDir);

/** A JSON file of the reference, by its path in the folder. */
export function referenceJson(path: string): unknown {
  return JSON.parse(readFileSync(join(referenceDir, path), 'utf8'));
}
