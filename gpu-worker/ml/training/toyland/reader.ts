import { join } from 'node:path';
import { attributeReaderGraph } from '../../evaluation/attribute-reader.ts';
import { portable } from '../../graph/op-sets/portable.ts';
import { type FloatTensor, openSession } from '../../runtime/session.ts';
import { readSafetensorsIndex } from '../../weights/safetensors.ts';
import { type Attributes, readHeads, toylandReader } from './attributes.ts';
import { hueDistanceDegrees } from './hue.ts';

/** Where a training leaves the reader: it measures the model and is no part of it. */
export const readerFile = (folder: string): string => join(folder, 'reader', 'model.safetensors');

export type Reader = { read(image: FloatTensor): Promise<Attributes[]>; close(): Promise<void> };

/** Opens the reader: pictures [n, 3, size, size] in −1…1 → their attributes. */
export async function openReader(file: string, options: { imageSize: number; threads?: number }): Promise<Reader> {
  const { imageSize, threads } = options;
  const checkpoints = new Map([['attribute_reader', readSafetensorsIndex(file)]]);
  const session = await openSession(attributeReaderGraph({ ...toylandReader, imageSize }, portable), checkpoints, {
    threads,
  });
  return {
    async read(image: FloatTensor): Promise<Attributes[]> {
      const outputs = Object.entries(await session.run({ image }));
      return Array.from({ length: image.shape[0] }, (_, n) => {
        const row = ({ data, shape }: FloatTensor) => data.subarray(n * shape[1], (n + 1) * shape[1]);
        return readHeads(Object.fromEntries(outputs.map(([name, output]) => [name, row(output)])));
      });
    },
    close: () => session.release(),
  };
}

/** A hue counts as right within this angle, and so do stripes. */
const toleranceDegrees = 20;

/** Which attributes were read as they should be; `stripes` is null where there should be none. */
export type Verdict = Record<'shape' | 'pattern' | 'hue' | 'scene' | 'worn', boolean> & { stripes: boolean | null };

export function compareAttributes(read: Attributes, expected: Attributes): Verdict {
  return {
    shape: read.shape === expected.shape,
    pattern: read.pattern === expected.pattern,
    hue: hueDistanceDegrees(read.hueDegrees, expected.hueDegrees) <= toleranceDegrees,
    scene: read.scene === expected.scene,
    worn: read.worn === expected.worn,
    stripes: expected.stripesDegrees === null ? null : stripesAgree(read.stripesDegrees, expected.stripesDegrees),
  };
}

/** Stripes repeat every half turn. */
function stripesAgree(read: number | null, expected: number): boolean {
  return read !== null && hueDistanceDegrees(2 * read, 2 * expected) <= 2 * toleranceDegrees;
}

/** The share of verdicts that are right, for each attribute. */
export function shareRight(verdicts: readonly Verdict[]): Record<keyof Verdict, number> {
  const share = (attribute: keyof Verdict) => {
    const judged = verdicts.filter((verdict) => verdict[attribute] !== null);
    return judged.filter((verdict) => verdict[attribute]).length / judged.length;
  };
  return {
    shape: share('shape'),
    pattern: share('pattern'),
    hue: share('hue'),
    scene: share('scene'),
    worn: share('worn'),
    stripes: share('stripes'),
  };
}
