import { DEPICTING_TEMPLATES } from '../../../../shared/default-strength.ts';
import { placeWords } from '../../elite/place-words.ts';
import type { EliteConfig } from '../../models/elite-config.ts';
import type { ClipTokenizer } from '../../text/clip-tokenizer.ts';
import { encodeConceptPrompt } from '../../text/encode-prompt.ts';
import type { ConceptPrompt } from '../frozen-encoders.ts';
import type { Random } from '../random.ts';

const placeholder = 'S*';

/** A random sentence about the concept, with `words` of it in the placeholder's place; `opening` stands for the sentence's article. */
export function samplePhotoPrompt(
  tokenizer: ClipTokenizer,
  { text, mapping }: EliteConfig,
  { opening, words, random }: { opening: string; words: readonly number[]; random: Random },
): ConceptPrompt {
  const sentence = random.pick(DEPICTING_TEMPLATES).replace('{}', placeholder).replace(/^\w+/, opening);
  const { tokenIds, placeholderIndex } = encodeConceptPrompt(tokenizer, sentence, placeholder, text.positions);
  return { ...placeWords(tokenIds, placeholderIndex, words, { wordCount: mapping.words }), placeholderIndex };
}
