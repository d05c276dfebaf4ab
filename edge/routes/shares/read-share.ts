import type { Context } from 'hono';
import type { ShareObject } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { requireConcept } from '../concepts/read-concept.ts';
import { countedShareObject } from './share-object.ts';

/** A share of one of the caller's own concepts, as it stands now. */
export async function requireOwnShare(
  c: Context<EdgeContext>,
  conceptId: string,
  shareId: string,
): Promise<ShareObject> {
  const concept = await requireConcept(c, conceptId);
  const record = await accountOf(c.env, c.get('principal').accountId).getShare(concept.id, shareId);
  if (!record) {
    throw new ApiError('not_found', `The concept has no share ${shareId}.`);
  }
  return countedShareObject(c.env, record);
}

/** The answer to a request that made a share and was cut off: nobody knows its URL any more. */
export async function recoverShare(c: Context<EdgeContext>, shareId: string): Promise<Response> {
  const share = await requireOwnShare(c, c.req.param('id') ?? '', shareId);
  c.header('Location', `/v1/concepts/${share.concept}/shares/${share.id}`);
  return c.json({ ...share, url: null }, 201);
}
