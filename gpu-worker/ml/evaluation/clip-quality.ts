import type { FloatTensor, InputTensor } from '../runtime/session.ts';
import { type ClipJudge, cosine } from './clip-judge.ts';

/** Pictures [n, …] and their captions [n, …], n a multiple of 64. */
export type CaptionedPictures = { pixels: FloatTensor; token_ids: InputTensor; end_position: InputTensor };

const choices = 64;

/** How often CLIP finds a picture's caption among those of 64 pictures: the share in 0…1. Equal captions count as found. */
export async function measureClip(clip: ClipJudge, { pixels, ...captions }: CaptionedPictures): Promise<number> {
  const pictures = await clip.pictures(pixels);
  const texts = await clip.texts(captions);
  const found = pictures.filter((picture, index) => {
    const group = index - (index % choices);
    const own = cosine(picture, texts[index]);
    // Two equal captions have equal cosines, up to rounding.
    return texts.slice(group, group + choices).every((text) => cosine(picture, text) <= own + 1e-6);
  });
  return found.length / pictures.length;
}
