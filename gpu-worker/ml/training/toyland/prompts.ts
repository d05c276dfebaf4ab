import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InputTensor } from '../../runtime/session.ts';
import { type ClipTokenizer, openClipTokenizer } from '../../text/clip-tokenizer.ts';
import { encodePrompt } from '../../text/encode-prompt.ts';
import { tokenizerFiles } from '../byte-pair-encoding.ts';
import { maxTokens, toylandVocabulary } from './vocabulary.ts';

/** Writes toyland's tokenizer into the model folder and opens it. */
export function writeTokenizer(modelFolder: string): ClipTokenizer {
  const folder = join(modelFolder, 'tokenizer');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(tokenizerFiles(toylandVocabulary(), maxTokens)))
    writeFileSync(join(folder, name), text);
  return openClipTokenizer(folder);
}

/** Captions as `token_ids` [n, positions] and `end_position` [n]. */
export function captionTensors(
  tokenizer: ClipTokenizer,
  captions: readonly string[],
): { token_ids: InputTensor; end_position: InputTensor } {
  const rows = captions.map((caption) => encodePrompt(tokenizer, caption, maxTokens).tokenIds);
  return {
    token_ids: { data: Int32Array.from(rows.flatMap((row) => [...row])), shape: [rows.length, maxTokens] },
    end_position: { data: Int32Array.from(rows, (row) => row.indexOf(tokenizer.endToken)), shape: [rows.length] },
  };
}
