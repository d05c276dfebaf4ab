import type { Picture } from '../../image/picture.ts';
import { createRandom } from '../../training/random.ts';
import { nameHue } from '../../training/toyland/hue.ts';
import { pictureGrid } from '../picture-grid.ts';
import type { Portrait, Row } from './evaluate.ts';

const candidates = 8;
const hardRivals = 3;

/** A sheet of questions that anyone can answer, and the answers. */
export type ForcedChoice = {
  /** One question a row: the photo, a gap, then eight pictures of which one was drawn from it. */
  sheet: Buffer;
  /** The number, from 1, of the right picture of each row. */
  key: readonly number[];
};

/**
 * A blind test of whether a concept carries its character: which of eight pictures was drawn from this photo? At least three of the others were drawn
 * from rivals of the same shape or colour. The order is chance's.
 */
export async function forcedChoice(
  row: Row,
  portraits: readonly Portrait[],
  { questions, seed }: { questions: number; seed: number },
): Promise<ForcedChoice> {
  const rows: (Picture | null)[][] = [];
  const key: number[] = [];
  for (let question = 0; question < questions; question++) {
    const random = createRandom(seed, question);
    const asked = question % portraits.length;
    const shuffled = <T>(items: readonly T[]) =>
      items
        .map((item) => ({ item, order: random.uniform() }))
        .sort((a, b) => a.order - b.order)
        .map(({ item }) => item);
    const others = shuffled([...portraits.keys()].filter((other) => other !== asked));
    const hard = others.filter((other) => isRival(portraits[asked], portraits[other])).slice(0, hardRivals);
    const rest = others.filter((other) => !hard.includes(other)).slice(0, candidates - 1 - hard.length);
    const order = shuffled([asked, ...hard, ...rest]);
    const drawn = order.map(
      (contestant) => random.pick(row.entries.filter((entry) => entry.contestant === contestant)).picture,
    );
    rows.push([portraits[asked].photo, null, ...drawn]);
    key.push(order.indexOf(asked) + 1);
  }
  return { sheet: await pictureGrid(rows, { zoom: 2 }), key };
}

function isRival({ contestant: { character: a } }: Portrait, { contestant: { character: b } }: Portrait): boolean {
  return a.shape === b.shape || nameHue(a.hueDegrees) === nameHue(b.hueDegrees);
}
