import { safetyCheckerGraph } from '../models/safety-checker.ts';
import { checkWeights } from '../weights/bind-weights.ts';
import { checkFiniteWeights } from '../weights/check-finite-weights.ts';
import { digestFile, type ModelFile, readModelJson } from '../weights/model-json.ts';
import { WeightsError } from '../weights/weights-error.ts';
import { describeFolder } from './load-model.ts';
import { allGraphs, networkGraphs } from './network-graphs.ts';

/** Told after every piece how much of all has been read; may end the check by throwing. */
type OnBytes = (doneBytes: number, totalBytes: number) => Promise<void>;

/** Every file against the size and SHA-256 that `model.json` gives. Each check returns what it found. @throws WeightsError */
export async function checkDigests(folder: string, onBytes: OnBytes): Promise<string> {
  const files = readModelJson(folder)?.files;
  if (!files) return 'no model.json that lists them';
  const totalBytes = files.reduce((sum, file) => sum + file.size_bytes, 0);
  let doneBytes = 0;
  for (const file of files) {
    await requireDigest(folder, file);
    doneBytes += file.size_bytes;
    await onBytes(doneBytes, totalBytes);
  }
  return `${files.length} as in model.json`;
}

async function requireDigest(folder: string, { path, size_bytes, sha256 }: ModelFile): Promise<void> {
  const found = await digestFile(folder, path, () => {});
  if (found.size_bytes !== size_bytes)
    throw new WeightsError(path, `expected ${size_bytes} bytes, got ${found.size_bytes}`);
  if (found.sha256 !== sha256) throw new WeightsError(path, `expected SHA-256 ${sha256}, got ${found.sha256}`);
}

/** Every weight of a folder, of the safety checker too. @throws WeightsError */
export function folderCheckpoints(folder: string) {
  const { modelFolder, description, target, ops } = describeFolder(folder);
  const { checkpoints, safetyChecker } = modelFolder;
  const all = new Map(checkpoints);
  if (safetyChecker) all.set('safety_checker', safetyChecker.weights);
  return { modelFolder, description, target, ops, checkpoints: all };
}

/** Every weight against the architecture. @throws WeightsError or WeightsMismatchError */
export function checkNamesAndShapes(folder: string): string {
  const { modelFolder, description, ops, checkpoints } = folderCheckpoints(folder);
  const { config, safetyChecker } = modelFolder;
  const graphs = allGraphs(networkGraphs(config, ops), description.defaults);
  checkWeights(safetyChecker ? [...graphs, safetyCheckerGraph(safetyChecker.config, ops)] : graphs, checkpoints);
  return `${[...checkpoints.values()].reduce((sum, index) => sum + index.size, 0)} weights of ${checkpoints.size} networks`;
}

/** Whether every weight is a number. @throws WeightsError naming the first that is none. */
export async function checkValues(folder: string, onBytes: OnBytes): Promise<string> {
  const { checkpoints } = folderCheckpoints(folder);
  const lengths = [...checkpoints.values()].flatMap((index) => [...index.values()].map(({ length }) => length));
  const totalBytes = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  for (const index of checkpoints.values()) {
    let readBytes = 0;
    for (readBytes of checkFiniteWeights(index)) await onBytes(before + readBytes, totalBytes);
    before += readBytes;
  }
  return 'every weight is a number';
}
