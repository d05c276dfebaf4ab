/** A vocabulary in the shape of OpenAI CLIP's: byte-level, words end in `</w>`, lower case. */
export type BytePairVocabulary = {
  ids: Readonly<Record<string, number>>;
  /** Pairs in the order they are merged. */
  merges: readonly (readonly [string, string])[];
};

export const startToken = '<|startoftext|>';
export const endToken = '<|endoftext|>';

/** CLIP's own splitting of lower-cased text into words, before bytes are merged. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;

/**
 * Learns up to `mergeCount` merges from texts (Sennrich et al. 2016): again and again the most frequent neighbouring pair becomes
 * one symbol. It stops early when every word is one symbol. Ties go to the pair that sorts first, so the result is reproducible.
 */
export function trainBytePairs(texts: Iterable<string>, mergeCount: number): BytePairVocabulary {
  const words = countWords(texts).map(({ word, count }) => ({ symbols: symbolsOf(word), count }));
  const merges: [string, string][] = [];
  while (merges.length < mergeCount) {
    const pair = mostFrequentPair(words);
    if (pair === null) break;
    merges.push(pair);
    for (const word of words) word.symbols = mergePair(word.symbols, pair);
  }
  const bytes = [...byteCharacters.values()];
  const tokens = [
    ...bytes,
    ...bytes.map((byte) => `${byte}</w>`),
    ...merges.map((pair) => pair.join('')),
    startToken,
    endToken,
  ];
  return { ids: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
}

/** The vocabulary as the files a diffusers `tokenizer/` folder holds, by name. */
export function tokenizerFiles(
  { ids, merges }: BytePairVocabulary,
  maxLength: number,
): Readonly<Record<string, string>> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
  const specials = { bos_token: startToken, eos_token: endToken, unk_token: endToken, pad_token: endToken };
  return {
    'vocab.json': json(ids),
    'merges.txt': ['#version: 0.2', ...merges.map((pair) => pair.join(' ')), ''].join('\n'),
    'special_tokens_map.json': json(specials),
    'tokenizer_config.json': json({
      tokenizer_class: 'CLIPTokenizer',
      do_lower_case: true,
      add_prefix_space: false,
      errors: 'replace',
      model_max_length: maxLength,
      ...specials,
    }),
  };
}

function countWords(texts: Iterable<string>): { word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ word, count }));
}

/** GPT-2's printable stand-in for each byte: itself where it prints, otherwise a character from 256 upwards. */
const byteCharacters: ReadonlyMap<number, string> = (() => {
  const prints = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const hidden = all.filter((byte) => !prints(byte));
  return new Map([
    ...all.filter(prints).map((byte) => [byte, String.fromCharCode(byte)] as const),
    ...hidden.map((byte, index) => [byte, String.fromCharCode(256 + index)] as const),
  ]);
})();

function symbolsOf(word: string): string[] {
  const symbols = [...new TextEncoder().encode(word)].map((byte) => byteCharacters.get(byte)!);
  symbols.push(`${symbols.pop()}</w>`);
  return symbols;
}

function mostFrequentPair(words: readonly { symbols: readonly string[]; count: number }[]): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = `${symbols[i]} ${symbols[i + 1]}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  const [best] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return best === undefined ? null : (best[0].split(' ') as [string, string]);
}

function mergePair(symbols: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const together = symbols[i] === left && symbols[i + 1] === right;
    merged.push(together ? left + right : symbols[i]!);
    if (together) i++;
  }
  return merged;
}
