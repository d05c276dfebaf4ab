import type { ShareObject } from '../../../shared/share.ts';
import type { ShareRecord } from '../../durable-objects/account/share-table.ts';
import type { ShareTerms } from '../../durable-objects/share/share-terms.ts';
import { shareOf } from '../../durable-objects/stubs.ts';
import type { EdgeEnv } from '../../env.ts';
import { isoTime } from '../object-urls.ts';

export function shareObject(terms: ShareTerms, uses: number): ShareObject {
  return {
    id: terms.id,
    object: 'share',
    concept: terms.conceptId,
    rights: terms.rights,
    expires_at: terms.expiresAtMs === null ? null : isoTime(terms.expiresAtMs),
    uses,
    max_uses: terms.maxUses,
    created_at: isoTime(terms.createdAtMs),
  };
}

/** A listed share with the count that only its own object knows. */
export async function countedShareObject(env: EdgeEnv, { name, terms }: ShareRecord): Promise<ShareObject> {
  return shareObject(terms, await shareOf(env, name).uses());
}
