import { placeWords } from '../../elite/place-words.ts';
import type { ClipTokenizer } from '../../text/clip-tokenizer.ts';
import { encodeConceptPrompt, encodePrompt } from '../../text/encode-prompt.ts';
import type { Random } from '../random.ts';
import { stagings } from './album.ts';
import { captionOf, conceptPrompt, templates } from './caption.ts';
import type { ToylandContext } from './recipe.ts';

export const placeholder = 'S*';

/** A portrait of a character, a picture of it to denoise, and the prompt that connects them; both as numbers in their albums. */
export type Pairing = { photo: number; target: number; prompt: string };

/**
 * The target is another picture than the photo: smaller, elsewhere, edits included. The prompt names the target's scene and edit, so that the
 * concept need not: what the words could learn of the photo's surroundings is of no use for the target's.
 */
export function samplePairing(
  { album, portraits }: Pick<ToylandContext, 'album' | 'portraits'>,
  random: Random,
): Pairing {
  const { views, portraits: photos } = stagings;
  const photo = random.integer(portraits.count);
  const target = Math.floor(photo / photos.length) * views.length + random.integer(views.length);
  return {
    photo,
    target,
    prompt: conceptPrompt(album.depiction(target), placeholder, random.pick(templates)),
  };
}

/** Token ids and word positions of a prompt about a concept, with the chosen of its words in the placeholder's place. */
export function encodePairing(
  tokenizer: ClipTokenizer,
  prompt: string,
  chosen: readonly number[],
  { plan }: Pick<ToylandContext, 'plan'>,
) {
  const { mapping, text } = plan.networks;
  const { tokenIds, placeholderIndex } = encodeConceptPrompt(tokenizer, prompt, placeholder, text.positions);
  return { ...placeWords(tokenIds, placeholderIndex, chosen, { wordCount: mapping.words }), placeholderIndex };
}

/** An ordinary caption, which keeps the trained projections good for prompts without a concept. */
export function encodeCaption(
  tokenizer: ClipTokenizer,
  album: ToylandContext['album'],
  index: number,
  random: Random,
  { plan }: Pick<ToylandContext, 'plan'>,
) {
  const { mapping, text } = plan.networks;
  const { tokenIds } = encodePrompt(tokenizer, captionOf(album.depiction(index), random), text.positions);
  return { tokenIds, wordPositions: new Int32Array(mapping.words).fill(-1) };
}
