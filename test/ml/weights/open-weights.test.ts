import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWeights } from '../../../gpu-worker/ml/weights/open-weights.ts';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import { WeightsError } from '../../../gpu-worker/ml/weights/weights-error.ts';
import { storedZip, torchFiles } from './torch-file.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'open-weights-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const STEMS = ['model', 'pytorch_model'];

/** A file of one tensor "w" that holds one number. */
function writeWeight(name: string, value: number, tensor = 'w'): void {
  const data = Float32Array.of(value);
  if (name.endsWith('.safetensors')) writeSafetensors(join(folder, name), new Map([[tensor, { shape: [1], data }]]));
  else writeFileSync(join(folder, name), storedZip(torchFiles({ [tensor]: { shape: [1], data } })));
}

function openedValue(): number {
  return readTensor(openWeights(folder, STEMS).get('w')!)[0];
}

describe('choosing a file', () => {
  it('prefers safetensors to pickles, and whole precision to half', () => {
    const worstFirst = ['pytorch_model.fp16.bin', 'model.fp16.safetensors', 'pytorch_model.bin', 'model.safetensors'];
    for (const [value, name] of worstFirst.entries()) {
      writeWeight(name, value);
      expect(openedValue()).toBe(value);
    }
  });

  it('says which names it looked for when there is none', () => {
    writeWeight('other.safetensors', 1);
    expect(() => openWeights(folder, STEMS)).toThrow(/expected one of model\.safetensors, pytorch_model\.safetensors/);
    expect(() => openWeights(folder, STEMS)).toThrow(WeightsError);
  });
});

describe('shards', () => {
  const writeIndex = (weight_map: Record<string, string>, name = 'model.safetensors.index.json') =>
    writeFileSync(join(folder, name), JSON.stringify({ metadata: { total_size: 8 }, weight_map }));

  it('are read as one checkpoint, each tensor from its own file', () => {
    writeWeight('model-00001-of-00002.safetensors', 1, 'a');
    writeWeight('model-00002-of-00002.safetensors', 2, 'b');
    writeIndex({ a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' });
    const index = openWeights(folder, STEMS);
    expect([...index].map(([name, location]) => [name, readTensor(location)[0]])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('may be pickles', () => {
    writeWeight('pytorch_model-00001-of-00001.bin', 3);
    writeIndex({ w: 'pytorch_model-00001-of-00001.bin' }, 'pytorch_model.bin.index.json');
    expect(openedValue()).toBe(3);
  });

  it('are found beside an index that is a link, and located where their own links lead', () => {
    const heap = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    mkdirSync(heap);
    mkdirSync(snapshot);
    writeSafetensors(join(heap, 'aa'), new Map([['w', { shape: [1], data: Float32Array.of(4) }]]));
    writeFileSync(join(heap, 'bb'), JSON.stringify({ weight_map: { w: 'shard.safetensors' } }));
    symlinkSync(join('..', 'blobs', 'aa'), join(snapshot, 'shard.safetensors'));
    symlinkSync(join('..', 'blobs', 'bb'), join(snapshot, 'model.safetensors.index.json'));
    const location = openWeights(snapshot, STEMS).get('w')!;
    expect(location.file).toBe(join(heap, 'aa'));
    expect(readTensor(location)[0]).toBe(4);
  });

  it.each([
    ['a tensor that its shard lacks', { w: 'one.safetensors', missing: 'one.safetensors' }, /"missing" is not in one/],
    ['a shard that is not there', { w: 'gone.safetensors' }, /gone\.safetensors: cannot be opened/],
    ['a shard outside the folder', { w: '../one.safetensors' }, /"\.\.\/one\.safetensors" is not the name/],
    ['an index as a shard', { w: 'model.safetensors.index.json' }, /is not the name of a weight file/],
  ])('are refused for %s', (_, weightMap, message) => {
    writeWeight('one.safetensors', 1);
    writeIndex(weightMap as Record<string, string>);
    expect(() => openWeights(folder, STEMS)).toThrow(WeightsError);
    expect(() => openWeights(folder, STEMS)).toThrow(message);
  });

  it('are refused for an index that is none', () => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), '{"weights": []}');
    expect(() => openWeights(folder, STEMS)).toThrow(/weight_map/);
  });
});
