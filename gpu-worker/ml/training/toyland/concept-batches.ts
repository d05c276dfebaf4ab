import { placeWords } from '../../elite/place-words.ts';
import type { ClipTokenizer } from '../../text/clip-tokenizer.ts';
import { encodeConceptPrompt, encodePrompt } from '../../text/encode-prompt.ts';
import type { Random } from '../random.ts';
import { viewStagings } from './album.ts';
import { captionOf, conceptPrompt, templates } from './caption.ts';
import type { ToylandContext } from './recipe.ts';

export const placeholder = 'S*';

/** Views that can be the photo of a concept: those without an edit. */
const photoViews = [...viewStagings.keys()].filter((view) => !viewStagings[view].edit);

/** A picture that can be the photo of a concept, as its number in the album. */
export function samplePhoto(album: ToylandContext['album'], random: Random): number {
  const first = random.integer(album.count / viewStagings.length) * viewStagings.length;
  return first + random.pick(photoViews);
}

/** A photo of a character, a picture to denoise, and the prompt that connects them; both as numbers in the album. */
export type Pairing = { photo: number; target: number; prompt: string };

/**
 * Half of the time the target is the photo itself, as in the authors' training; otherwise it is another view of the same character, edits
 * included. The prompt names the target's scene and edit, so that the concept need not: what the words could learn of the photo's
 * surroundings is of no use for the target's.
 */
export function samplePairing(album: ToylandContext['album'], random: Random): Pairing {
  const viewCount = viewStagings.length;
  const photo = samplePhoto(album, random);
  const target = random.chance(0.5) ? photo : photo - (photo % viewCount) + random.integer(viewCount);
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
