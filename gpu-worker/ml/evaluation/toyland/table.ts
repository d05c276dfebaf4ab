import type { Estimate } from '../bootstrap.ts';
import type { InversionComparison } from './compare-inversion.ts';
import type { Evaluation } from './evaluate.ts';
import { columnNames, columns, mainRow, retrievalGains } from './summary.ts';

type Rows = Pick<Evaluation, 'rows'>;

/** Rows as lines of text. */
export function formatTable(evaluation: Rows): string {
  const cells = tableCells(evaluation);
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

/** Rows as a Markdown table. */
export function markdownTable(evaluation: Rows): string {
  const [header, ...body] = tableCells(evaluation);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...body.map(line)].join('\n');
}

/** A header and a line for each row; the first cell of each is its name. */
export function tableCells({ rows }: Rows): string[][] {
  return [
    ['', ...columnNames.map((name) => columns[name])],
    ...rows.map((row) => [row.variant.name, ...columnNames.map((name) => formatEstimate(row.estimates[name]))]),
  ];
}

/** What a concept costs either way. */
export function formatConceptTimes({ eliteSeconds, inversionSeconds }: InversionComparison): string {
  return `A concept takes ELITE ${eliteSeconds.toFixed(3)} s, textual inversion ${inversionSeconds.toFixed(0)} s.`;
}

/** What the standard variant's retrieval is ahead by. */
export function formatGains({ rows }: Rows): string {
  const gains = retrievalGains(rows).map(({ over, gain }) => `${formatEstimate(gain)} over “${over}”`);
  return `Retrieval of “${mainRow(rows).variant.name}”, picture by picture: ${gains.join(', ')}.`;
}

function formatEstimate({ mean, low, high }: Estimate): string {
  return Number.isNaN(mean) ? '–' : `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
