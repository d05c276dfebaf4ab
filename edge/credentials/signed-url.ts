import { accountIdSchema } from '../../shared/ids.ts';

/** How long a URL in an answer works. */
export const SIGNED_URL_LIFETIME_MS = 24 * 3_600_000;

export type UrlSigner = { readonly secret: string; readonly origin: string; readonly nowMs: number };

export type UrlVerdict =
  | { readonly verdict: 'valid'; readonly accountId: string }
  | { readonly verdict: 'invalid' | 'expired' };

/** Each account signs with its own key, derived from the edge's secret; `kid` names it. */
async function accountKey(secret: string, kid: string): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const derived = await crypto.subtle.sign('HMAC', root, encoder.encode(`signed-url ${kid}`));
  return crypto.subtle.importKey('raw', derived, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

function signedBytes(path: string, exp: string): Uint8Array {
  return new TextEncoder().encode(`${exp}\n${path}`);
}

/** Signs paths of one account. The key is derived once for all of an answer's URLs. */
export function urlSignerFor(
  accountId: string,
  { secret, origin, nowMs }: UrlSigner,
): (path: string) => Promise<string> {
  const kid = accountId.slice('acc_'.length);
  const key = accountKey(secret, kid);
  const exp = String(Math.floor((nowMs + SIGNED_URL_LIFETIME_MS) / 1000));
  return async (path) => {
    const signature = await crypto.subtle.sign('HMAC', await key, signedBytes(path, exp));
    const sig = new Uint8Array(signature).toBase64({ alphabet: 'base64url', omitPadding: true });
    return `${origin}${path}?exp=${exp}&kid=${kid}&sig=${sig}`;
  };
}

/** Checks the signature first, then the time: an expired verdict is only for URLs that were once real. */
export async function verifySignedUrl(url: URL, secret: string, nowMs: number): Promise<UrlVerdict> {
  const exp = url.searchParams.get('exp') ?? '';
  const kid = url.searchParams.get('kid') ?? '';
  const sig = url.searchParams.get('sig') ?? '';
  const accountId = `acc_${kid}`;
  if (!/^\d{1,12}$/.test(exp) || !/^[\w-]{43}$/.test(sig) || !accountIdSchema.safeParse(accountId).success) {
    return { verdict: 'invalid' };
  }
  const signature = Uint8Array.fromBase64(sig, { alphabet: 'base64url' });
  const genuine = await crypto.subtle.verify(
    'HMAC',
    await accountKey(secret, kid),
    signature,
    signedBytes(url.pathname, exp),
  );
  if (!genuine) {
    return { verdict: 'invalid' };
  }
  return Number(exp) * 1000 >= nowMs ? { verdict: 'valid', accountId } : { verdict: 'expired' };
}
