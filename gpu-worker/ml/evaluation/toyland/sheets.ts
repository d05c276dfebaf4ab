import { pictureGrid } from '../picture-grid.ts';
import type { Evaluation, Row } from './evaluate.ts';
import type { Scores } from './judge-pictures.ts';
import { mainRow } from './summary.ts';

/** A sheet of pictures to look at before a number is believed. */
export type Sheet = { name: string; title: string; png: Buffer };

/** Pictures on the sheets of the best and the worst. */
const shown = 16;

/** What the rows draw of the first characters, and the best and worst pictures of the row that counts. */
export async function drawSheets(evaluation: Evaluation): Promise<Sheet[]> {
  const { entries, variant } = mainRow(evaluation.rows);
  const byWorth = entries.toSorted((a, b) => worth(b.scores) - worth(a.scores));
  const names = evaluation.rows.map((row) => row.variant.name).join('; ');
  return [
    { name: 'rows', title: `Photo, then for the same task and noise: ${names}`, png: await comparisonGrid(evaluation) },
    {
      name: 'best',
      title: `Best of “${variant.name}”: photo and picture`,
      png: await pairGrid(evaluation, byWorth.slice(0, shown)),
    },
    {
      name: 'worst',
      title: `Worst of “${variant.name}”: photo and picture`,
      png: await pairGrid(evaluation, byWorth.slice(-shown)),
    },
  ];
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
