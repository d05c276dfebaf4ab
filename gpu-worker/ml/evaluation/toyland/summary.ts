import type { Estimate } from '../bootstrap.ts';
import type { InversionComparison } from './compare-inversion.ts';
import { type Evaluation, estimateGain, type Row } from './evaluate.ts';
import type { Scores } from './judge-pictures.ts';
import { categoryOnly, standard, wordsAlone } from './variants.ts';

/** What is measured of a row, and its title. */
export const columns: Readonly<Record<keyof Scores, string>> = {
  clipI: 'CLIP-I',
  clipT: 'CLIP-T',
  shape: 'shape',
  hue: 'hue within 20°',
  pattern: 'pattern',
  stripes: 'stripes within 20°',
  asked: 'scene or edit',
  retrieval: 'retrieval top-1',
};
export const columnNames = Object.keys(columns) as (keyof Scores)[];

/** The figures of the standard variant and of every row, as one object. */
export function summarise({ portraits, rows }: Evaluation) {
  const main = mainRow(rows);
  const means = ({ estimates }: Row) =>
    Object.fromEntries(columnNames.map((name) => [snakeCase(name), estimates[name].mean]));
  const figures = means(main);
  return {
    retrieval_top1: figures.retrieval,
    ...figures,
    pictures_per_row: main.entries.length,
    contestants: portraits.length,
    retrieval_gain: Object.fromEntries(retrievalGains(rows).map(({ over, gain }) => [over, gain])),
    encode_seconds: portraits.reduce((sum, { encodeSeconds }) => sum + encodeSeconds, 0) / portraits.length,
    rows: Object.fromEntries(
      rows.map((row) => [
        row.variant.name,
        Object.fromEntries(columnNames.map((name) => [snakeCase(name), row.estimates[name]])),
      ]),
    ),
  };
}

/** The comparison with textual inversion as one object. */
export function summariseInversion({ rows, eliteSeconds, inversionSeconds }: InversionComparison) {
  return {
    inversion: {
      elite_seconds: eliteSeconds,
      inversion_seconds: inversionSeconds,
      rows: Object.fromEntries(rows.map(({ variant, estimates }) => [variant.name, estimates])),
    },
  };
}

/** By how much the standard variant's retrieval is above that of the rows which see less of the photo. */
export function retrievalGains(rows: readonly Row[]): { over: string; gain: Estimate }[] {
  return rows
    .filter(({ variant }) => variant.name === wordsAlone.name || variant.name === categoryOnly.name)
    .map((base) => ({ over: base.variant.name, gain: estimateGain(mainRow(rows), base, 'retrieval') }));
}

/** The row that a model is judged by. */
export function mainRow(rows: readonly Row[]): Row {
  return rows.find(({ variant }) => variant.name === standard.name) ?? rows[0];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
