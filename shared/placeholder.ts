import { z } from 'zod';

export const DEFAULT_PLACEHOLDER = 'S*';

/** What a prompt may use to stand for a concept: no spaces, nothing that could end up as sentence punctuation. */
const PLACEHOLDER_TOKEN = /^[\p{L}\p{N}*_<>{}-]{1,32}$/u;

export const placeholderTokenSchema = z
  .string()
  .regex(PLACEHOLDER_TOKEN, 'must be 1–32 letters, digits or * _ - < > { }')
  // JSON Schema's patterns are Unicode ones already and carry no flags; the generator of the OpenAPI document writes them.
  .meta({ pattern: PLACEHOLDER_TOKEN.source, examples: [DEFAULT_PLACEHOLDER] });

/** Asterisks that keyboards and copied text bring along: U+2217 operator, U+FF0A full width, U+FE61 small. */
const ASTERISKS = ['*', '∗', '＊', '﹡'] as const;

const BRACKETS = [
  ['<', '>'],
  ['{', '}'],
] as const;

export type PlaceholderRange = { readonly start: number; readonly end: number };

/**
 * Every way to write a token that means the same: `S*` also as `s*`, `<S*>`, `{S*}`, `S∗`. Longest first, so that a
 * bracketed one is taken whole.
 */
export function placeholderSpellings(token: string): readonly string[] {
  const bare = BRACKETS.reduce(
    (text, [open, close]) =>
      text.startsWith(open) && text.endsWith(close) && text.length > 2 ? text.slice(1, -1) : text,
    token,
  );
  const cased = new Set([bare, bare.toLowerCase(), bare.toUpperCase()]);
  const written = [...cased].flatMap((text) => ASTERISKS.map((asterisk) => text.replaceAll('*', asterisk)));
  const bracketed = written.flatMap((text) => BRACKETS.map(([open, close]) => `${open}${text}${close}`));
  return [...new Set([token, ...bracketed, ...written])].sort((a, b) => b.length - a.length);
}

/**
 * Where a placeholder stands in a prompt, in order, as UTF-16 offsets. It must stand alone: `cats*` and `S**` hold
 * none, `S*'s` and `(S*)` do.
 */
export function findPlaceholders(prompt: string, spellings: readonly string[]): readonly PlaceholderRange[] {
  const alternatives = spellings.map((spelling) => spelling.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_*])(?:${alternatives})(?![\\p{L}\\p{N}_*])`, 'gu');
  return [...prompt.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}
