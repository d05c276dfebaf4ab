import type { EliteModel } from '../../elite/elite-model.ts';
import { category, conceptPrompt, templates } from '../../training/toyland/caption.ts';
import { placeholder } from '../../training/toyland/concept-batches.ts';
import type { ModelFolder } from '../../weights/open-model-folder.ts';
import { type InversionOptions, openTextualInversion } from '../textual-inversion.ts';
import { type EvaluationOptions, evaluatePortraits, type Portrait, type Row } from './evaluate.ts';
import type { Judges } from './judge-pictures.ts';
import { standard, type Variant, wordsAlone } from './variants.ts';

/** ELITE and textual inversion on the same characters, tasks and noise, and the time each takes for a concept. */
export type InversionComparison = {
  rows: readonly Row[];
  eliteSeconds: number;
  inversionSeconds: number;
};

/** How a word is sought: the settings of Gal et al., shortened to what a model of this size needs. */
const search = { steps: 300, batchSize: 8, learningRate: 5e-3 };

/**
 * Finds the words of the first `characters` portraits once more by descent instead of one forward pass, and draws with both (the comparison of ELITE's
 * Table 2); retrieval is among all portraits. Yields the number of words found.
 */
export async function* compareInversion(
  model: EliteModel,
  folder: ModelFolder,
  judges: Judges,
  options: Omit<EvaluationOptions, 'variants' | 'contestants'> & {
    portraits: readonly Portrait[];
    characters: number;
    threads?: number;
    search?: Partial<InversionOptions>;
  },
): AsyncGenerator<number, InversionComparison> {
  const { sizePx, threads } = options;
  const portraits = options.portraits.slice(0, options.characters);
  const inversion = await openTextualInversion(folder, sizePx, {
    ...search,
    ...options.search,
    prompts: templates.map((template) => conceptPrompt({ scene: null, edit: null }, placeholder, template)),
    placeholder,
    category,
    seed: 1,
    threads,
  });
  const inverted: Portrait[] = [];
  let seconds = 0;
  for (const portrait of portraits) {
    const found = await inversion.invert(portrait.photo);
    seconds += found.seconds;
    const words = new Float32Array(portrait.concept.words.length);
    words.set(found.word);
    inverted.push({ ...portrait, concept: { ...portrait.concept, words } });
    yield inverted.length;
  }
  await inversion.close();
  const measure = (of: readonly Portrait[], variant: Variant) =>
    evaluatePortraits(model, judges, of, { ...options, variant, candidates: options.portraits });
  return {
    rows: [
      await measure(portraits, standard),
      await measure(portraits, wordsAlone),
      await measure(inverted, { ...wordsAlone, name: 'textual inversion' }),
    ],
    eliteSeconds: portraits.reduce((sum, { encodeSeconds }) => sum + encodeSeconds, 0) / portraits.length,
    inversionSeconds: seconds / portraits.length,
  };
}
