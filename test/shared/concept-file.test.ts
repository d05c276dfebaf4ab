import { describe, expect, test } from 'vitest';
import {
  type ConceptFile,
  checkConceptFileModel,
  readConceptFile,
  writeConceptFile,
} from '../../shared/concept-file.ts';
import { testModel } from './test-model.ts';

const concept: ConceptFile = {
  words: Float32Array.from({ length: 5 * 8 }, (_, i) => Math.fround(Math.sin(i))),
  local: Float32Array.from({ length: 16 * 8 }, (_, i) => Math.fround(i / 7)),
  wordCount: 5,
  patches: 16,
  dim: 8,
  model: testModel.fingerprint,
};

/** A safetensors file of any header, for what a stranger might send. */
function fileOf(header: unknown, dataBytes = 4 * 8 * 21): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const header = {
  __metadata__: { format: 'elite-concept', version: '1', model: 'm' },
  words: { dtype: 'F32', shape: [5, 8], data_offsets: [0, 160] },
  local: { dtype: 'F32', shape: [16, 8], data_offsets: [160, 672] },
};

describe('a concept file', () => {
  test('reads back bit for bit what was written, also from inside a larger buffer', () => {
    const bytes = writeConceptFile(concept);
    const padded = new Uint8Array(bytes.length + 3);
    padded.set(bytes, 3);
    expect(readConceptFile(bytes)).toEqual(concept);
    expect(readConceptFile(padded.subarray(3))).toEqual(concept);
    expect(readConceptFile(Buffer.from(padded.subarray(3)))).toEqual(concept); // its slice() shares memory
  });

  test('is accepted by its own model only', () => {
    expect(() => checkConceptFileModel(concept, testModel)).not.toThrow();
    expect(() => checkConceptFileModel(concept, { ...testModel, fingerprint: 'other' })).toThrow(
      /expected a concept of model other/,
    );
    expect(() => checkConceptFileModel({ ...concept, patches: 4 }, testModel)).toThrow(/5,16,8, got 5,4,8/);
  });

  test.each([
    ['nothing', new Uint8Array(0), /0 bytes/],
    ['a header longer than the file', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127), /header of at most/],
    ['no JSON', fileOf('{{'), /not JSON/],
    ['another kind of safetensors', fileOf({ weight: header.words }, 160), /header of a concept file/],
    [
      'a tensor too many',
      fileOf({ ...header, extra: { ...header.words, data_offsets: [672, 832] } }, 832),
      /Unrecognized key: "extra"/,
    ],
    ['float16', fileOf({ ...header, words: { ...header.words, dtype: 'F16', shape: [10, 8] } }), /words\.dtype/],
    ['two widths', fileOf({ ...header, local: { ...header.local, shape: [32, 4] } }), /one width, got 8 and 4/],
    ['missing data', fileOf(header, 600), /take 672 bytes, the file holds 600/],
    [
      'offsets outside',
      fileOf({ ...header, local: { ...header.local, data_offsets: [161, 673] } }),
      /"local" begins at byte 161, expected 160/,
    ],
    [
      'one tensor on top of the other',
      fileOf({ ...header, words: header.local, local: header.local }),
      /tensors overlap/,
    ],
    [
      'a shape whose size overflows',
      fileOf({ ...header, words: { ...header.words, shape: [65_536, 8] } }),
      /"words": F32 \[65536, 8\] takes 2097152 bytes/,
    ],
  ])('is refused with the reason: %s', (_, bytes, reason) => {
    expect(() => readConceptFile(bytes)).toThrow(reason);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused where it is not finite: %s', (value) => {
    const local = concept.local.slice();
    local[19] = value;
    expect(() => readConceptFile(writeConceptFile({ ...concept, local }))).toThrow(
      `local[2, 3]: expected a finite number, got ${value}`,
    );
  });
});
