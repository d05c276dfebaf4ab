import { dirname, relative, sep } from 'node:path';
import { formatShape, sameShape } from '../graph/dims.ts';
import type { Graph, Parameter, Value } from '../graph/graph.ts';
import type { ExternalData } from '../graph/serialise.ts';
import type { TensorLocation, WeightIndex } from './tensor-location.ts';

/** The checkpoints of a model by the name that graphs call them: `unet`, `global_mapper`, … */
export type Checkpoints = ReadonlyMap<string, WeightIndex>;

/** Weights that do not fit the architecture; the message lists every one. */
export class WeightsMismatchError extends Error {
  override readonly name = 'WeightsMismatchError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`${problems.length} weights do not fit the model:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Compares everything the graphs expect with everything the checkpoints hold. A checkpoint that several graphs share (the VAE's halves,
 * the mappers' projections inside the UNet) must be covered by all of them together.
 *
 * @throws WeightsMismatchError naming each missing, extra, mis-shaped or wrongly typed weight.
 */
export function checkWeights(graphs: readonly Graph[], checkpoints: Checkpoints): void {
  const expected = new Map(graphs.flatMap((graph) => [...graph.parameters]));
  const problems = [...expected.values()].flatMap((parameter) => parameterProblem(parameter, checkpoints));
  for (const name of new Set([...expected.values()].map(({ checkpoint }) => checkpoint))) {
    for (const [key, { shape, file }] of checkpoints.get(name) ?? []) {
      if (!expected.has(`${name}/${key}`)) problems.push(`${name}/${key}: extra, ${formatShape(shape)} in ${file}`);
    }
  }
  if (problems.length > 0) throw new WeightsMismatchError(problems);
}

function parameterProblem({ checkpoint, key, shape, value }: Parameter, checkpoints: Checkpoints): string[] {
  const found = checkpoints.get(checkpoint)?.get(key);
  if (!found) return [`${checkpoint}/${key}: missing, expected ${formatShape(shape)}`];
  if (!sameShape(found.shape, shape)) {
    return [`${checkpoint}/${key}: expected ${formatShape(shape)}, got ${formatShape(found.shape)} in ${found.file}`];
  }
  if (value && !storedDtype(value, found)) {
    const expected = value.dtype === 'int8' ? 'int8' : 'floating point';
    return [`${checkpoint}/${key}: expected ${expected}, got ${found.dtype} in ${found.file}`];
  }
  return [];
}

/** The type a weight is stored in, where its graph can read that. */
function storedDtype(value: Value, { dtype }: TensorLocation): ExternalData['dtype'] | undefined {
  if (value.dtype === 'int8') return dtype === 'int8' ? dtype : undefined;
  return dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16' ? dtype : undefined;
}

/**
 * Where a graph's weights lie, as ONNX external data: `folder` is the nearest folder above all of their files, which a session is told,
 * and `locate` gives each parameter's place below it.
 *
 * @throws WeightsMismatchError for a weight that is not there.
 */
export function locateWeights(graph: Graph, checkpoints: Checkpoints) {
  const locations = new Map<Parameter, TensorLocation>();
  for (const parameter of graph.parameters.values()) {
    if (!parameter.value) continue;
    const problem = parameterProblem(parameter, checkpoints);
    if (problem.length > 0) throw new WeightsMismatchError(problem);
    locations.set(parameter, checkpoints.get(parameter.checkpoint)!.get(parameter.key)!);
  }
  const folder = commonFolder([...locations.values()].map(({ file }) => file));
  const locate = (parameter: Parameter): ExternalData => {
    const location = locations.get(parameter)!;
    const { file, offset, length } = location;
    return { location: relative(folder, file), offset, length, dtype: storedDtype(parameter.value!, location)! };
  };
  return { folder, locate };
}

function commonFolder(files: readonly string[]): string {
  const [first = [], ...rest] = files.map((file) => dirname(file).split(sep));
  const shared = first.findIndex((part, depth) => rest.some((parts) => parts[depth] !== part));
  return (shared === -1 ? first : first.slice(0, shared)).join(sep) || sep;
}
