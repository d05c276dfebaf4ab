import type { Words } from '../../../../shared/model-description.ts';

/** A way to put a concept into a picture; without one the prompt names the category only. */
export type Variant = { name: string; concept: { words: Words; strength: number } | null };

/** The strength that the figures of a model are given for, the middle of the paper's 0.6–0.8. */
export const standard: Variant = { name: 'w₀, λ = 0.8', concept: { words: 'primary', strength: 0.8 } };

/** The primary word without details: all that the global stage has trained. */
export const wordsAlone: Variant = { name: 'w₀, λ = 0', concept: { words: 'primary', strength: 0 } };

/** A prompt that names the category: nothing of the photo. */
export const categoryOnly: Variant = { name: 'category only', concept: null };

/** The rows of the table: without a concept, with its words alone, and with more and more of its details. */
export const variants: readonly Variant[] = [
  categoryOnly,
  { name: 'all words, no details', concept: { words: 'all', strength: 0 } },
  { name: 'all words, λ = 0.8', concept: { words: 'all', strength: 0.8 } },
  wordsAlone,
  { name: 'w₀, λ = 0.4', concept: { words: 'primary', strength: 0.4 } },
  standard,
  { name: 'w₀, λ = 1.2', concept: { words: 'primary', strength: 1.2 } },
];

/** The row of a model whose global mapping sees one layer, against “all words, no details”. */
export const singleLayer: Variant = { name: 'one layer’s word, no details', concept: { words: 'all', strength: 0 } };
