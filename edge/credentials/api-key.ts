import { accountIdSchema, keyIdSchema, newId } from '../../shared/ids.ts';

/**
 * `ek_<ULID of the account><ULID of the key>_<256 random bits>`: a key names its account, so that checking it needs
 * no global index.
 */
const API_KEY_PATTERN = /^ek_([0-9A-Z]{26})([0-9A-Z]{26})_[\w-]{43}$/;

const SECRET_BYTES = 32;

export type ApiKeyName = { readonly accountId: string; readonly keyId: string };

function ulidOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

export function newApiKey(accountId: string, nowMs: number): { id: string; secret: string } {
  const id = newId('key', nowMs);
  const random = crypto
    .getRandomValues(new Uint8Array(SECRET_BYTES))
    .toBase64({ alphabet: 'base64url', omitPadding: true });
  return { id, secret: `ek_${ulidOf(accountId)}${ulidOf(id)}_${random}` };
}

/** The account and key that a token claims to be, or null when it has not the form of a key. */
export function parseApiKey(token: string): ApiKeyName | null {
  const match = API_KEY_PATTERN.exec(token);
  if (!match) {
    return null;
  }
  const name = { accountId: `acc_${match[1]}`, keyId: `key_${match[2]}` };
  return accountIdSchema.safeParse(name.accountId).success && keyIdSchema.safeParse(name.keyId).success ? name : null;
}

export async function hashToken(token: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
}

/** Compares secrets in a time that tells nothing of where they differ. */
export async function sameToken(a: string, b: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await hashToken(a), await hashToken(b));
}
