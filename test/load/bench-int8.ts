import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../../gpu-worker/cli/format.ts';
import { int8Layout, isInt8Layer } from '../../gpu-worker/ml/elite/int8-layers.ts';
import { describeFolder } from '../../gpu-worker/ml/elite/load-model.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import { storedOps } from '../../gpu-worker/ml/elite/stored-ops.ts';
import { scaleKey } from '../../gpu-worker/ml/graph/graph.ts';
import { openSession, type SessionOptions } from '../../gpu-worker/ml/runtime/session.ts';
import type { Checkpoints } from '../../gpu-worker/ml/weights/bind-weights.ts';
import { quantiseTensor } from '../../gpu-worker/ml/weights/quantise-weight.ts';
import { readSafetensorsIndex, streamSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import type { WeightIndex } from '../../gpu-worker/ml/weights/tensor-location.ts';
import { graphInputs } from './graph-inputs.ts';
import { time } from './measure.ts';

type Choice = { readonly name: string; readonly isQuantised: (path: string) => boolean; readonly layers: number };

/**
 * Which layers of a model's UNet are worth computing in integers: with one kind of layer int8 at a time, how far the predicted noise is from float32's
 * and what a row takes; then with all of them, and with those that `elite build --int8` takes.
 *
 * @param runs how often each is run beside float32, turn by turn; the least processor time counts, as others may use the machine too
 */
export async function benchInt8(folder: string, runs: number, options: SessionOptions = {}): Promise<string> {
  const { modelFolder, description } = describeFolder(folder);
  const { config, checkpoints } = modelFolder;
  const size = description.defaults;
  const layout = int8Layout(config, size, () => true);
  const paths = [...layout.keys()];
  const scratch = mkdtempSync(join(tmpdir(), 'bench-int8-'));
  try {
    const quantised = writeQuantised(scratch, checkpoints, layout);
    const open = async (choice: Choice) => {
      const mixed = mix(checkpoints, quantised, choice.isQuantised);
      const graph = networkGraphs(config, storedOps(mixed)).unet(size);
      const session = await openSession(graph, mixed, options);
      const run = async () => (await session.run(graphInputs(graph, 1), {}, ['noise'])).noise.data;
      return { noise: await run(), run, release: session.release };
    };
    const plain = await open({ name: 'float32', isQuantised: () => false, layers: 0 });
    const rows: string[][] = [];
    for (const choice of choices(paths)) {
      const session = await open(choice);
      const seconds = { plain: Number.POSITIVE_INFINITY, own: Number.POSITIVE_INFINITY };
      for (let run = 0; run < runs; run++) {
        seconds.plain = Math.min(seconds.plain, (await time(plain.run)).cpuSeconds);
        seconds.own = Math.min(seconds.own, (await time(session.run)).cpuSeconds);
      }
      await session.release();
      rows.push([
        choice.name,
        String(choice.layers),
        `${(100 * relativeRms(session.noise, plain.noise)).toFixed(2)} %`,
        `${seconds.own.toFixed(2)} s`,
        `${(seconds.plain / seconds.own).toFixed(2)}×`,
      ]);
    }
    await plain.release();
    return formatTable([['int8', 'layers', 'error', 'cpu', 'speed'], ...rows], [1, 2, 3, 4]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Every weight that can be int8, in a file for each checkpoint. */
function writeQuantised(folder: string, checkpoints: Checkpoints, layout: ReturnType<typeof int8Layout>): Checkpoints {
  const byCheckpoint = Map.groupBy(layout, ([path]) => path.split('/')[0]);
  return new Map(
    [...byCheckpoint].map(([checkpoint, weights]) => {
      const file = join(folder, `${checkpoint}.safetensors`);
      const index = checkpoints.get(checkpoint)!;
      const tensors = weights.flatMap(([path, shape]) => {
        const key = keyOf(path);
        return quantiseTensor(key, index.get(key)!, shape);
      });
      streamSafetensors(file, tensors);
      return [checkpoint, readSafetensorsIndex(file)];
    }),
  );
}

/** The model's weights with some of them quantised. */
function mix(plain: Checkpoints, quantised: Checkpoints, isQuantised: Choice['isQuantised']): Checkpoints {
  return new Map(
    [...plain].map(([checkpoint, index]) => {
      const own = quantised.get(checkpoint) ?? (new Map() as WeightIndex);
      const chosen = [...own.keys()].filter((key) => own.has(scaleKey(key)) && isQuantised(`${checkpoint}/${key}`));
      const replaced = chosen.flatMap((key) => [key, scaleKey(key)]);
      return [checkpoint, new Map([...index, ...replaced.map((key) => [key, own.get(key)!] as const)])];
    }),
  );
}

function choices(paths: readonly string[]): Choice[] {
  const choice = (name: string, isQuantised: (path: string) => boolean): Choice => ({
    name,
    isQuantised,
    layers: paths.filter(isQuantised).length,
  });
  const kinds = [...new Set(paths.map(kindOf))].sort();
  return [
    ...kinds.map((kind) => choice(kind, (path) => kindOf(path) === kind)),
    choice('all of these', () => true),
    choice('as built', isInt8Layer),
  ];
}

/** The name of a layer without its place in the network. */
function kindOf(path: string): string {
  const [checkpoint] = path.split('/');
  const layer = keyOf(path)
    .replace(/\.weight$/, '')
    .replaceAll(/_(\d)/g, '.$1');
  const kind = layer.replace(/^.*(resnets|attentions|transformer_blocks|downsamplers|upsamplers)\.\d+[._]/, '');
  return checkpoint === 'unet' ? kind : `${kind} (${checkpoint})`;
}

function keyOf(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** How far `actual` is from `expected`, as a share of its size: √(Σ(a − e)² / Σe²). */
function relativeRms(actual: Float32Array, expected: Float32Array): number {
  const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(actual.map((value, i) => value - expected[i])) / squares(expected));
}
