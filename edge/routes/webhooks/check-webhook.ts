import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { checkTarget, targetRulesOf } from '../../egress/public-target.ts';
import { ApiError, invalidField } from '../../errors.ts';

/** Throws when nothing may be sent where a request wants its webhooks, or when that cannot be found out now (503). */
export async function checkWebhook(
  c: Context<EdgeContext>,
  webhook: { readonly url?: string | undefined } | undefined,
): Promise<void> {
  if (webhook?.url === undefined) {
    return;
  }
  const target = await checkTarget(webhook.url, targetRulesOf(c.get('settings')));
  switch (target.verdict) {
    case 'allowed':
      return;
    case 'refused':
      throw invalidField('#/webhook/url', target.reason);
    case 'unresolved':
      throw new ApiError('unavailable', `Expected to find out where the webhook leads: ${target.reason}.`, {
        headers: { 'Retry-After': '5' },
      });
  }
}
