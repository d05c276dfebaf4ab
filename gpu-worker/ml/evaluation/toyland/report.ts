import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Estimate } from '../bootstrap.ts';
import { pictureGrid } from '../picture-grid.ts';
import type { InversionComparison } from './compare-inversion.ts';
import type { Evaluation, Row } from './evaluate.ts';
import type { Scores } from './judge-pictures.ts';
import { standard } from './variants.ts';

const columns: Readonly<Record<keyof Scores, string>> = {
  clipI: 'CLIP-I',
  clipT: 'CLIP-T',
  shape: 'shape',
  hue: 'hue within 20°',
  pattern: 'pattern',
  stripes: 'stripes within 20°',
  asked: 'scene or edit',
  retrieval: 'retrieval top-1',
};
const columnNames = Object.keys(columns) as (keyof Scores)[];

/** The figures of the standard variant and of every row, as one object. */
export function summarise({ portraits, rows }: Evaluation) {
  const main = rows.find(({ variant }) => variant.name === standard.name) ?? rows[0];
  const means = ({ estimates }: Row) =>
    Object.fromEntries(columnNames.map((name) => [snakeCase(name), estimates[name].mean]));
  const figures = means(main);
  return {
    retrieval_top1: figures.retrieval,
    ...figures,
    pictures_per_row: main.entries.length,
    contestants: portraits.length,
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

/** The comparison with textual inversion as text. */
export function formatInversion(comparison: InversionComparison): string {
  const { eliteSeconds, inversionSeconds } = comparison;
  return `${formatTable(comparison)}\nA concept takes ELITE ${eliteSeconds.toPrecision(2)} s, textual inversion ${inversionSeconds.toPrecision(2)} s.`;
}

/** Rows as a table of text. */
export function formatTable({ rows }: Pick<Evaluation, 'rows'>): string {
  const cells = [
    ['', ...columnNames.map((name) => columns[name])],
    ...rows.map((row) => [row.variant.name, ...columnNames.map((name) => formatEstimate(row.estimates[name]))]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A page that stands alone: table, curves over λ, and pictures: the first, the best and the worst. */
export async function renderReport(evaluation: Evaluation, inversion?: InversionComparison): Promise<string> {
  const { rows } = evaluation;
  const main = rows.find(({ variant }) => variant.name === standard.name) ?? rows[0];
  const byWorth = main.entries.toSorted((a, b) => worth(b.scores) - worth(a.scores));
  const images = [
    ['Photo, then what each row draws for the same task and noise', await comparisonGrid(evaluation)],
    [`Best of “${main.variant.name}”: photo and picture`, await pairGrid(evaluation, byWorth.slice(0, 16))],
    [`Worst of “${main.variant.name}”: photo and picture`, await pairGrid(evaluation, byWorth.slice(-16))],
  ] as const;
  const header = columnNames.map((name) => `<th>${columns[name]}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr><th>${row.variant.name}</th>${columnNames.map((name) => `<td>${formatEstimate(row.estimates[name])}</td>`).join('')}</tr>`,
  );
  const figures = images.map(
    ([title, png]) => `<h2>${title}</h2><img alt="${title}" src="data:image/png;base64,${png.toString('base64')}">`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Toyland evaluation</title>
<style>${library('uPlot.min.css')}
body{font:15px/1.5 system-ui;margin:2rem auto;max-width:75rem}table{border-collapse:collapse}th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid #ddd}img{max-width:100%;image-rendering:pixelated}</style>
</head><body><h1>Toyland: held-out characters from one photo each</h1>
<p>${main.entries.length} pictures a row, ${evaluation.portraits.length} characters; in brackets 95 % intervals by bootstrap over characters.</p>
<table><thead><tr><th></th>${header}</tr></thead><tbody>${body.join('')}</tbody></table>
${inversion ? `<h2>Against textual inversion, on ${inversion.rows[0].entries.length} pictures</h2><pre>${formatInversion(inversion)}</pre>` : ''}
<h2>More and more details: λ with the primary word</h2><div id="strength"></div>
${figures.join('\n')}
<script>${library('uPlot.iife.min.js')}
${strengthChart(rows)}</script></body></html>
`;
}

/** CLIP-I and CLIP-T over λ, with their intervals as bands. */
function strengthChart(rows: readonly Row[]): string {
  const points = rows
    .flatMap((row) =>
      row.variant.concept?.words === 'primary' ? [{ row, strength: row.variant.concept.strength }] : [],
    )
    .sort((a, b) => a.strength - b.strength);
  const curve = (name: keyof Scores) =>
    (['mean', 'low', 'high'] as const).map((part) => points.map(({ row }) => row.estimates[name][part]));
  const data = [points.map(({ strength }) => strength), ...curve('clipI'), ...curve('clipT')];
  const series = (label: string, colour: string) => [
    { label, stroke: colour, width: 2 },
    { label: `${label} low`, stroke: colour, dash: [4, 4] },
    { label: `${label} high`, stroke: colour, dash: [4, 4] },
  ];
  const options = {
    width: 760,
    height: 320,
    scales: { x: { time: false } },
    series: [{ label: 'λ' }, ...series('CLIP-I', '#c0392b'), ...series('CLIP-T', '#2f6fe4')],
  };
  return `new uPlot(${JSON.stringify(options)}, ${JSON.stringify(data)}, document.getElementById('strength'));`;
}

/** A row for each of the first contestants: its photo, then the picture of every variant for its first task. */
function comparisonGrid({ portraits, rows }: Evaluation): Promise<Buffer> {
  const grid = portraits
    .slice(0, 12)
    .map(({ photo }, contestant) => [
      photo,
      null,
      ...rows.map(({ entries }) => entries.find((entry) => entry.contestant === contestant)!.picture),
    ]);
  return pictureGrid(grid, { zoom: 2 });
}

function pairGrid({ portraits }: Evaluation, entries: Row['entries']): Promise<Buffer> {
  const pairs = entries.map(({ contestant, picture }) => [portraits[contestant].photo, picture]);
  const perRow = 4;
  const grid = Array.from({ length: Math.ceil(pairs.length / perRow) }, (_, row) =>
    pairs.slice(row * perRow, (row + 1) * perRow).flatMap((pair) => [...pair, null]),
  );
  return pictureGrid(grid, { zoom: 2 });
}

/** What makes a picture good: it is the character, and it does what was asked. */
function worth({ clipI, shape, hue = 1, pattern, asked }: Scores): number {
  return clipI + shape + hue + pattern + asked;
}

function formatEstimate({ mean, low, high }: Estimate): string {
  return Number.isNaN(mean) ? '–' : `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

/** A file of the chart library, put into the page so that it needs no network. */
function library(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
