import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { InversionComparison } from './compare-inversion.ts';
import type { Evaluation, Row } from './evaluate.ts';
import type { Scores } from './judge-pictures.ts';
import type { Sheet } from './sheets.ts';
import { formatConceptTimes, formatGains, formatTable, markdownTable, tableCells } from './table.ts';

/** All that is known of a model when it has been measured. */
export type Findings = { evaluation: Evaluation; inversion?: InversionComparison; sheets: readonly Sheet[] };

/** A page that stands alone: table, curves over λ, and sheets of pictures. */
export function renderReport({ evaluation, inversion, sheets }: Findings): string {
  const { rows } = evaluation;
  const [header, ...body] = tableCells(evaluation).map(([name, ...cells]) => ({ name, cells }));
  const row = (tag: string, { name, cells }: typeof header) =>
    `<tr><th>${name}</th>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const figures = sheets.map(
    ({ title, png }) => `<h2>${title}</h2><img alt="${title}" src="data:image/png;base64,${png.toString('base64')}">`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Toyland evaluation</title>
<style>${library('uPlot.min.css')}
body{font:15px/1.5 system-ui;margin:2rem auto;max-width:75rem}table{border-collapse:collapse}th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid #ddd}img{max-width:100%;image-rendering:pixelated}</style>
</head><body><h1>Toyland, measured</h1>
<p>${describe(evaluation)}</p>
<table><thead>${row('th', header)}</thead><tbody>${body.map((line) => row('td', line)).join('')}</tbody></table>
<p>${formatGains(evaluation)}</p>
${inversion ? `<h2>Against textual inversion, on ${inversion.rows[0].entries.length} pictures</h2><pre>${formatTable(inversion)}</pre><p>${formatConceptTimes(inversion)}</p>` : ''}
<h2>More and more details: λ with the primary word</h2><div id="strength"></div>
${figures.join('\n')}
<script>${library('uPlot.iife.min.js')}
${strengthChart(rows)}</script></body></html>
`;
}

/** The same as Markdown, for where code is read; the sheets lie beside it as `<name>.png`. */
export function renderMarkdown({ evaluation, inversion, sheets }: Findings): string {
  const parts = [
    '# Toyland, measured',
    describe(evaluation),
    markdownTable(evaluation),
    formatGains(evaluation),
    ...(inversion
      ? [
          `Against textual inversion, on ${inversion.rows[0].entries.length} pictures. ${formatConceptTimes(inversion)}`,
          markdownTable(inversion),
        ]
      : []),
    ...sheets.map(({ name, title }) => `${title}:\n\n![${name}](${name}.png)`),
    'A blind test: which of the eight pictures of a row of [choice.png](choice.png) was drawn from the photo at its left? [choice-key.json](choice-key.json) has the answers, from 1.',
  ];
  return `${parts.join('\n\n')}\n`;
}

function describe({ portraits, rows }: Evaluation): string {
  return `${portraits.length} held-out characters from one photo each, ${rows[0].entries.length} pictures a row; in brackets 95 % intervals by bootstrap over characters.`;
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

/** A file of the chart library, put into the page so that it needs no network. */
function library(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}
