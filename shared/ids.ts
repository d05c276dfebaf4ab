import { ulid } from 'ulid';
import { z } from 'zod';

/** What an id's prefix says it names. The ULID after it makes ids sort by creation time. */
const ID_PREFIXES = {
  account: 'acc',
  concept: 'con',
  generation: 'gen',
  share: 'shr',
  key: 'key',
  upload: 'upl',
  delivery: 'dlv',
  report: 'rep',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** Crockford base32 of 128 bits: the first digit holds three bits. */
const ULID_PATTERN = '[0-7][0-9A-HJKMNP-TV-Z]{25}';

export function newId(kind: IdKind, nowMs: number): string {
  return `${ID_PREFIXES[kind]}_${ulid(nowMs)}`;
}

/** One receive of a queue message by a worker. */
export function newAttemptId(nowMs: number): string {
  return ulid(nowMs);
}

/** One id of each kind, for documents and tests. */
export const EXAMPLE_IDS = Object.fromEntries(
  Object.entries(ID_PREFIXES).map(([kind, prefix]) => [kind, `${prefix}_01KAQ8M0V3T5ZC9R2W4XYD6EFG`]),
) as Readonly<Record<IdKind, string>>;

function idSchema(kind: IdKind) {
  return z
    .string()
    .regex(new RegExp(`^${ID_PREFIXES[kind]}_${ULID_PATTERN}$`), `must be ${ID_PREFIXES[kind]}_ and a ULID`)
    .meta({ examples: [EXAMPLE_IDS[kind]] });
}

export const accountIdSchema = idSchema('account');
export const conceptIdSchema = idSchema('concept');
export const generationIdSchema = idSchema('generation');
export const shareIdSchema = idSchema('share');
export const keyIdSchema = idSchema('key');
export const uploadIdSchema = idSchema('upload');
export const deliveryIdSchema = idSchema('delivery');
export const reportIdSchema = idSchema('report');
export const attemptIdSchema = z.string().regex(new RegExp(`^${ULID_PATTERN}$`), 'must be a ULID');

/** A job is named by the object it makes: `con_…` encodes, `gen_…` generates. */
export const jobIdSchema = z.union([conceptIdSchema, generationIdSchema]);
