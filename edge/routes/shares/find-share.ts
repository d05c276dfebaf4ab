import type { Context } from 'hono';
import { includesRight, type ShareRights } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { SHARE_TOKEN_PATTERN, shareNameOf } from '../../credentials/share-token.ts';
import type { ConceptRecord, ConceptResult } from '../../durable-objects/account/records.ts';
import type { ShareTerms } from '../../durable-objects/share/share-terms.ts';
import { accountOf, shareOf } from '../../durable-objects/stubs.ts';
import type { EdgeEnv } from '../../env.ts';
import { ApiError } from '../../errors.ts';

/** A living share and what it is of. */
export type SharedConcept = {
  readonly name: string;
  readonly terms: ShareTerms;
  readonly concept: ConceptRecord & { readonly result: ConceptResult };
};

/** Why a token leads to nothing. `gone` is revoked, expired, or of a concept that is deleted. */
export type MissingShare = 'unknown' | 'gone' | 'taken_down';

export async function findShare(env: EdgeEnv, token: string): Promise<SharedConcept | MissingShare> {
  if (!SHARE_TOKEN_PATTERN.test(token)) {
    return 'unknown';
  }
  const name = await shareNameOf(token);
  const found = await shareOf(env, name).standing();
  switch (found.standing) {
    case 'unknown':
    case 'taken_down':
      return found.standing;
    case 'expired':
    case 'revoked':
      return 'gone';
  }
  const concept = await accountOf(env, found.terms.accountId).getConcept(found.terms.conceptId);
  return concept?.result ? { name, terms: found.terms, concept: { ...concept, result: concept.result } } : 'gone';
}

export const SHARE_IS_GONE = 'This share was revoked or has expired.';
export const SHARE_IS_TAKEN_DOWN = 'This share was taken down by the operator.';

export async function requireShare(c: Context<EdgeContext>, token: string): Promise<SharedConcept> {
  const shared = await findShare(c.env, token);
  switch (shared) {
    case 'unknown':
      throw new ApiError('not_found', 'There is no such share.');
    case 'gone':
      throw new ApiError('gone', SHARE_IS_GONE);
    case 'taken_down':
      throw new ApiError('taken_down', SHARE_IS_TAKEN_DOWN);
    default:
      return shared;
  }
}

export function requireRight({ terms }: SharedConcept, right: ShareRights): void {
  if (!includesRight(terms.rights, right)) {
    throw new ApiError('right_missing', `Expected a share with the right ${right}, got one with ${terms.rights}.`);
  }
}
