import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { urlSignerFor } from '../credentials/signed-url.ts';
import type { Settings } from '../env.ts';

/** What an object's URLs are made with. */
export type ObjectUrls = { readonly origin: string; readonly sign: (path: string) => Promise<string> };

export function objectUrls(c: Context<EdgeContext>): ObjectUrls {
  return objectUrlsOf(c.get('settings'), c.get('principal').accountId, Date.now());
}

export function objectUrlsOf(settings: Settings, accountId: string, nowMs: number): ObjectUrls {
  const { PUBLIC_ORIGIN: origin, TOKEN_SIGNING_SECRET: secret } = settings;
  return { origin, sign: urlSignerFor(accountId, { secret, origin, nowMs }) };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
