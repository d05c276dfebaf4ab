import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeFolder } from '../../../gpu-worker/ml/elite/load-model.ts';
import { allGraphs, networkGraphs } from '../../../gpu-worker/ml/elite/network-graphs.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { openClipTokenizer } from '../../../gpu-worker/ml/text/clip-tokenizer.ts';
import { checkWeights, WeightsMismatchError } from '../../../gpu-worker/ml/weights/bind-weights.ts';
import { WeightsError } from '../../../gpu-worker/ml/weights/weights-error.ts';
import { modelDir } from '../../parity/reference.ts';

const paths = readdirSync(modelDir, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(modelDir.length + 1));
const settings = paths.filter((path) => path.endsWith('.json') && path !== 'model_index.json');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  cpSync(modelDir, folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => cpSync(modelDir, folder, { recursive: true }));

/** Everything that happens to a folder before ONNX Runtime is given anything. */
function open(): void {
  const { modelFolder, description } = describeFolder(folder);
  const graphs = allGraphs(networkGraphs(modelFolder.config, portable), description.defaults);
  checkWeights(graphs, modelFolder.checkpoints);
  openClipTokenizer(modelFolder.tokenizerFolder, modelFolder.config.text);
}

/** Opens the folder, or is refused by an error that names a file of it. */
function expectRefusal(path: string): void {
  try {
    open();
  } catch (error) {
    if (error instanceof WeightsMismatchError) return; // names weight by weight
    expect(error, `${path}: ${error}`).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toContain(folder);
  }
}

/** Values of JSON that a reader might trust too far. */
const strange = fc.constantFrom<unknown>(
  0,
  -1,
  0.5,
  7,
  1e9,
  1e300,
  '',
  'x',
  null,
  true,
  [],
  [0],
  [1e9],
  {},
  '../../etc',
);

type Json = Record<string, unknown>;

/** One field of a JSON file, at its top or inside an object there, replaced. */
function replaceField(json: Json, pick: number, value: unknown): Json {
  const keys = Object.keys(json);
  const key = keys[pick % keys.length];
  const inner = json[key];
  const isObject =
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0;
  return { ...json, [key]: isObject && pick % 2 ? replaceField(inner as Json, pick >> 1, value) : value };
}

describe('a model folder is opened, or refused by a file’s name,', () => {
  it('whatever stands in its settings', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...settings), fc.nat(1000), strange, (path, pick, value) => {
        const file = join(folder, path);
        const original = readFileSync(file, 'utf8');
        writeFileSync(file, JSON.stringify(replaceField(JSON.parse(original), pick, value)));
        expectRefusal(`${path} ${readFileSync(file, 'utf8').slice(0, 1500)}`);
        writeFileSync(file, original);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever bytes of its files are changed, cut or missing', { timeout: 120_000 }, () => {
    const damage = fc.record({
      path: fc.constantFrom(...paths),
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      byte: fc.nat(255),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ path, at, byte, cut }) => {
        const file = join(folder, path);
        const original = readFileSync(file);
        const position = Math.floor(at ** 4 * original.length); // mostly in the header
        const bytes = cut ? original.subarray(0, position) : Buffer.from(original);
        if (!cut) bytes[position] = byte;
        writeFileSync(file, bytes);
        expectRefusal(path);
        rmSync(file);
        expectRefusal(path);
        writeFileSync(file, original);
      }),
      { numRuns: 60 },
    );
  });
});

it('nothing is left in the folder by refusals', () => {
  expect(readdirSync(folder, { recursive: true }).length).toBe(readdirSync(modelDir, { recursive: true }).length);
});
