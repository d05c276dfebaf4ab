import { type BytePairVocabulary, trainBytePairs } from '../byte-pair-encoding.ts';
import { createRandom } from '../random.ts';
import { captionOf, conceptPrompt, templates } from './caption.ts';
import { sampleCharacter } from './character.ts';
import { sampleDepiction } from './depiction.ts';

/** More than toyland's words need, so that each of them is one token. */
const mergeCount = 400;

/** The longest caption takes 30 tokens with its start and end. */
export const maxTokens = 32;

/** The words of toyland as a CLIP vocabulary, learnt from its own captions and prompts. */
export function toylandVocabulary(): BytePairVocabulary {
  return trainBytePairs(sampleTexts(), mergeCount);
}

function* sampleTexts(): Generator<string> {
  for (let index = 0; index < 4000; index++) {
    const random = createRandom(index);
    const staging = { scene: random.chance(0.5), edit: random.chance(0.5) };
    const depiction = sampleDepiction(sampleCharacter(random, 'train'), random, staging);
    yield captionOf(depiction, random);
    yield conceptPrompt(depiction, 'S*', random.pick(templates));
  }
}
