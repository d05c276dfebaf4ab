import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { checkTarget, targetRulesOf } from '../../egress/public-target.ts';
import { ApiError, type FieldError } from '../../errors.ts';

/** What is wrong with where a request wants its webhooks sent; throws 503 when that cannot be found out now. */
export async function webhookErrors(
  c: Context<EdgeContext>,
  webhook: { readonly url: string } | undefined,
): Promise<FieldError[]> {
  if (!webhook) {
    return [];
  }
  const target = await checkTarget(webhook.url, targetRulesOf(c.get('settings')));
  switch (target.verdict) {
    case 'allowed':
      return [];
    case 'refused':
      return [{ pointer: '#/webhook/url', message: target.reason }];
    case 'unresolved':
      throw new ApiError('unavailable', `Expected to find out where the webhook leads: ${target.reason}.`, {
        headers: { 'Retry-After': '5' },
      });
  }
}
