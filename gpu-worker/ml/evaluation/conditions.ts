import type { Words } from '../../../shared/model-description.ts';
import type { ConceptEmbedding } from '../elite/concept.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import type { Condition } from '../elite/guided-noise.ts';
import { chooseWords, placeWords } from '../elite/place-words.ts';
import type { Mask, Picture } from '../image/picture.ts';
import { preprocessConcept } from '../image/preprocess-concept.ts';
import { encodeConceptPrompt, encodePrompt } from '../text/encode-prompt.ts';

/** Prompts without a concept, encoded; what a concept would fill is zero. */
export async function encodeTexts(model: EliteModel, prompts: readonly string[]): Promise<Condition[]> {
  const { mapping, text } = model.config;
  const words = new Float32Array(mapping.words * mapping.wordSize);
  const wordPositions = new Int32Array(mapping.words).fill(-1);
  const encoded = prompts.map((prompt) => encodePrompt(model.tokenizer, prompt, text.positions));
  const contexts = await model.networks.encodeText(encoded.map(({ tokenIds }) => ({ tokenIds, wordPositions, words })));
  const local = new Float32Array(mapping.patches * mapping.wordSize);
  return contexts.map((context) => ({ context, local, placeholderIndex: 0, strength: 0 }));
}

/** A photo's concept: one forward pass. */
export async function encodePhoto(
  { networks, config }: EliteModel,
  picture: Picture,
  mask: Mask | null,
): Promise<ConceptEmbedding> {
  const { words: wordCount, wordSize: dim, patches } = config.mapping;
  const inputs = preprocessConcept(picture, mask, { imageSize: config.vision.imageSize, gridSize: Math.sqrt(patches) });
  const [whole, object = whole] = await networks.visionFeatures(
    inputs.object ? [inputs.photo, inputs.object] : [inputs.photo],
  );
  const words = await networks.mapGlobal(whole);
  const local = await networks.mapLocal(object, inputs.maskGrid);
  return { words, local, wordCount, dim, patches };
}

export type ConceptUse = { placeholder: string; words: Words; strength: number };

/** A prompt with a concept in it. */
export async function encodeConceptUse(
  { networks, tokenizer, config }: EliteModel,
  prompt: string,
  concept: ConceptEmbedding,
  { placeholder, words, strength }: ConceptUse,
): Promise<Condition> {
  const { tokenIds, placeholderIndex } = encodeConceptPrompt(tokenizer, prompt, placeholder, config.text.positions);
  const placed = placeWords(tokenIds, placeholderIndex, chooseWords(words, concept.wordCount), concept);
  const [context] = await networks.encodeText([{ ...placed, words: concept.words }]);
  return { context, local: concept.local, placeholderIndex, strength };
}
