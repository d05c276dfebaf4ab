import type { ConceptFile } from '../../../shared/concept-file.ts';

/**
 * What one photo becomes: `words` [wordCount, dim], one a layer of CLIP that was read, the primary one first, and `local` [patches, dim],
 * the details, zero where the mask was empty. The stored form is the concept file, which also names the model.
 */
export type ConceptEmbedding = Omit<ConceptFile, 'model'>;
