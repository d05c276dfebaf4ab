import type { ConceptEmbedding } from '../../elite/concept.ts';
import type { EliteModel } from '../../elite/elite-model.ts';
import type { Condition } from '../../elite/guided-noise.ts';
import type { Picture } from '../../image/picture.ts';
import { category } from '../../training/toyland/caption.ts';
import { placeholder } from '../../training/toyland/concept-batches.ts';
import { labels, renderDepiction } from '../../training/toyland/render.ts';
import { type Estimate, estimateMean } from '../bootstrap.ts';
import { encodeConceptUse, encodePhoto, encodeTexts } from '../conditions.ts';
import { type DrawOptions, drawPictures } from '../draw-pictures.ts';
import { type Contestant, chooseContestants, type Task, tasksOf } from './contest.ts';
import { type Entry, type Judges, judgePictures, type Scores } from './judge-pictures.ts';
import type { Variant } from './variants.ts';

/** A contestant with its photo as the model gets it, and what the model makes of it. */
export type Portrait = { contestant: Contestant; photo: Picture; concept: ConceptEmbedding; encodeSeconds: number };

/** One way of drawing, measured: every picture with its scores, and the mean of each. */
export type Row = {
  variant: Variant;
  entries: readonly (Entry & { scores: Scores })[];
  estimates: Readonly<Record<keyof Scores, Estimate>>;
};

export type EvaluationOptions = Omit<DrawOptions, 'unconditional'> & {
  contestants: number;
  /** Pictures of each contestant in a row. */
  tasks: number;
  variants: readonly Variant[];
};

export type EvaluationProgress = { variant: string; done: number; total: number };
export type Evaluation = { portraits: readonly Portrait[]; rows: readonly Row[] };

/**
 * Has a model draw characters it has never seen from one photo each, in places and with changes that prompts ask for, and judges what comes out:
 * every variant on the same contestants, tasks and start noise, so that rows differ in the variant alone.
 */
export async function* evaluateToyland(
  model: EliteModel,
  judges: Judges,
  options: EvaluationOptions,
): AsyncGenerator<EvaluationProgress, Evaluation> {
  const portraits = await portrayAll(model, options);
  const rows: Row[] = [];
  for (const variant of options.variants) {
    const entries: Entry[] = [];
    for await (const entry of drawVariant(model, portraits, variant, options)) {
      entries.push(entry);
      yield { variant: variant.name, done: entries.length, total: portraits.length * options.tasks };
    }
    rows.push(await judgeRow(variant, entries, portraits, judges));
  }
  return { portraits, rows };
}

/** One row of the table. Retrieval is among all `candidates`, of which `portraits` are the first. */
export async function evaluatePortraits(
  model: EliteModel,
  judges: Judges,
  portraits: readonly Portrait[],
  options: Omit<EvaluationOptions, 'variants' | 'contestants'> & {
    variant: Variant;
    candidates: readonly Portrait[];
  },
): Promise<Row> {
  const entries: Entry[] = [];
  for await (const entry of drawVariant(model, portraits, options.variant, options)) entries.push(entry);
  return judgeRow(options.variant, entries, options.candidates, judges);
}

async function judgeRow(
  variant: Variant,
  entries: readonly Entry[],
  candidates: readonly Portrait[],
  judges: Judges,
): Promise<Row> {
  const scores = await judgePictures(entries, candidates, judges);
  const scored = entries.map((entry, index) => ({ ...entry, scores: scores[index] }));
  return { variant, entries: scored, estimates: estimateScores(scored) };
}

/** Encodes the photos of the contestants. */
export async function portrayAll(
  model: EliteModel,
  { contestants, sizePx }: Pick<EvaluationOptions, 'contestants' | 'sizePx'>,
): Promise<Portrait[]> {
  const portraits: Portrait[] = [];
  for (const contestant of chooseContestants(contestants)) portraits.push(await portray(model, contestant, sizePx));
  return portraits;
}

/** Draws every contestant's tasks in one way. */
export async function* drawVariant(
  model: EliteModel,
  portraits: readonly Portrait[],
  variant: Variant,
  options: Omit<EvaluationOptions, 'variants' | 'contestants'>,
): AsyncGenerator<Entry> {
  const planned = portraits.flatMap((_, contestant) =>
    tasksOf(contestant, options.tasks).map((task) => ({ contestant, task })),
  );
  const [unconditional] = await encodeTexts(model, ['']);
  const conditions = await Promise.all(
    planned.map(({ contestant, task }) => conditionOf(model, task, portraits[contestant].concept, variant)),
  );
  const drawings = conditions.map((condition, seed) => ({ condition, seed }));
  let index = 0;
  for await (const picture of drawPictures(model, drawings, { ...options, unconditional }))
    yield { ...planned[index++], picture };
}

async function portray(model: EliteModel, contestant: Contestant, sizePx: number): Promise<Portrait> {
  const { rgb, labels: map } = await renderDepiction(contestant.photo, sizePx);
  const size = { width: sizePx, height: sizePx };
  const mask = { ...size, object: map.map((label) => (label === labels.character ? 1 : 0)) };
  const photo = { ...size, rgb };
  const started = performance.now();
  const concept = await encodePhoto(model, photo, mask);
  return { contestant, photo, concept, encodeSeconds: (performance.now() - started) / 1000 };
}

/** A task as the UNet is told it: with the concept in the placeholder's place, or the category's plain word. */
async function conditionOf(
  model: EliteModel,
  task: Task,
  concept: ConceptEmbedding,
  variant: Variant,
): Promise<Condition> {
  if (!variant.concept) return (await encodeTexts(model, [task.prompt(category)]))[0];
  return encodeConceptUse(model, task.prompt(placeholder), concept, { placeholder, ...variant.concept });
}

/**
 * By how much `row` is ahead of `base` in a score. Both drew the same tasks from the same noise, so the difference is taken picture by picture: what
 * makes a character hard for both does not widen the interval.
 */
export function estimateGain(row: Row, base: Row, name: keyof Scores): Estimate {
  const gains = row.entries.map(({ contestant, scores: { [name]: reached } }, index) => {
    const { [name]: before } = base.entries[index].scores;
    return { contestant, gain: reached === undefined || before === undefined ? undefined : reached - before };
  });
  return estimateByContestant(gains, ({ gain }) => gain);
}

function estimateByContestant<E extends { contestant: number }>(
  entries: readonly E[],
  read: (entry: E) => number | undefined,
): Estimate {
  const byContestant = [...Map.groupBy(entries, ({ contestant }) => contestant).values()];
  return estimateMean(byContestant.map((group) => group.flatMap((entry) => read(entry) ?? [])));
}

function estimateScores(entries: Row['entries']): Row['estimates'] {
  const estimate = (name: keyof Scores) => estimateByContestant(entries, ({ scores }) => scores[name]);
  return {
    clipI: estimate('clipI'),
    clipT: estimate('clipT'),
    shape: estimate('shape'),
    hue: estimate('hue'),
    pattern: estimate('pattern'),
    stripes: estimate('stripes'),
    asked: estimate('asked'),
    retrieval: estimate('retrieval'),
  };
}
