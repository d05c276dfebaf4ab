import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { urlSignerFor } from '../credentials/signed-url.ts';

/** What an object's URLs are made with. */
export type ObjectUrls = { readonly origin: string; readonly sign: (path: string) => Promise<string> };

export function objectUrls(c: Context<EdgeContext>): ObjectUrls {
  const { PUBLIC_ORIGIN: origin, TOKEN_SIGNING_SECRET: secret } = c.get('settings');
  return { origin, sign: urlSignerFor(c.get('principal').accountId, { secret, origin, nowMs: Date.now() }) };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
