import type { Context } from 'hono';
import type { ModelDescription } from '../../../shared/model-description.ts';
import type { EdgeContext } from '../../context.ts';
import { parseShareUrl } from '../../credentials/share-token.ts';
import { shareOf } from '../../durable-objects/stubs.ts';
import { ApiError, invalidField } from '../../errors.ts';
import { requireRight, requireShare, SHARE_IS_GONE, SHARE_IS_TAKEN_DOWN } from '../shares/find-share.ts';
import type { ImportSource } from './import-concept.ts';

/** Reads a shared concept and counts the use: from then on it is to be confirmed or given back. */
export async function sharedSource(
  c: Context<EdgeContext>,
  url: string,
  { id, model }: { id: string; model: ModelDescription },
): Promise<ImportSource> {
  const token = parseShareUrl(url, c.get('settings').PUBLIC_ORIGIN);
  if (token === null) {
    throw invalidField('#/share_url', 'must be the URL of a share of this service');
  }
  const shared = await requireShare(c, token);
  requireRight(shared, 'copy');
  const { name: share, terms, concept } = shared;
  if (concept.model !== model.fingerprint) {
    throw new ApiError('model_mismatch', `Expected a concept of model ${model.fingerprint}, got ${concept.model}.`);
  }
  const stored = await c.env.BUCKET.get(concept.result.embeddingKey);
  if (!stored) {
    throw new ApiError('gone', SHARE_IS_GONE);
  }
  const file = await stored.bytes();
  await countCopy(c, share, id);
  const { name, category, maskSource } = concept;
  return { file, name, category, maskSource, copiedFrom: { shareId: terms.id, rights: terms.rights }, share };
}

async function countCopy(c: Context<EdgeContext>, share: string, conceptId: string): Promise<void> {
  const verdict = await shareOf(c.env, share).reserve(conceptId);
  switch (verdict) {
    case 'counted':
      return;
    case 'used_up':
      throw invalidField('#/share_url', 'is a share that was used as often as it may be');
    case 'unknown':
    case 'expired':
    case 'revoked':
      throw new ApiError('gone', SHARE_IS_GONE);
    case 'taken_down':
      throw new ApiError('taken_down', SHARE_IS_TAKEN_DOWN);
  }
}
