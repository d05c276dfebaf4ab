import { hashToken } from './api-key.ts';

/** 256 random bits in base64url: the secret in a share's URL. */
export const SHARE_TOKEN_PATTERN = /^[\w-]{43}$/;

/** For documents and tests. */
export const EXAMPLE_SHARE_TOKEN = 'n3ZkQ8yXv0tJ5rLm2WcPaHs7DfGb4KeU1xYiOqTjMw9';

const TOKEN_BYTES = 32;

export function newShareToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** What the Share object is called: who reads our storage learns no URL from it. */
export async function shareNameOf(token: string): Promise<string> {
  return new Uint8Array(await hashToken(token)).toHex();
}

export function sharePath(token: string): string {
  return `/s/${token}`;
}

/** The token in a share URL of this service, whatever was hung on behind it, or null when it is not one. */
export function parseShareUrl(text: string, origin: string): string | null {
  const url = URL.parse(text);
  const token = url?.pathname.startsWith('/s/') ? url.pathname.slice('/s/'.length) : '';
  return url?.origin === origin && SHARE_TOKEN_PATTERN.test(token) ? token : null;
}
