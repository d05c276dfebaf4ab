import { crypto, TextEncoder } from './web-standards.ts';

/** A signed request between our own processes is refused when its clock is further off than this. */
export const SIGNATURE_TOLERANCE_MS = 5 * 60_000;

export const TIMESTAMP_HEADER = 'x-elite-timestamp';
export const SIGNATURE_HEADER = 'x-elite-signature';

const SCHEME = 'v1=';

type SignedRequest = { readonly method: string; readonly path: string; readonly body: string };

export type SignatureVerdict = 'valid' | 'missing' | 'malformed' | 'stale' | 'forged';

async function hmacKey(secret: string) {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
}

function signedBytes(request: SignedRequest, timestamp: string): Uint8Array {
  return new TextEncoder().encode([timestamp, request.method, request.path, request.body].join('\n'));
}

/** HMAC-SHA256 over time, method, path and body; returns the two headers to send. */
export async function signRequest(
  request: SignedRequest,
  secret: string,
  nowMs: number,
): Promise<Record<string, string>> {
  const timestamp = String(nowMs);
  const signature = await crypto.subtle.sign('HMAC', await hmacKey(secret), signedBytes(request, timestamp));
  const hex = Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: `${SCHEME}${hex}` };
}

/** Checks what signRequest made; the comparison takes constant time. */
export async function verifyRequest(
  request: SignedRequest,
  headers: { readonly timestamp: string | null | undefined; readonly signature: string | null | undefined },
  options: { readonly secret: string; readonly nowMs: number },
): Promise<SignatureVerdict> {
  const { timestamp, signature } = headers;
  if (!timestamp || !signature) {
    return 'missing';
  }
  if (!/^\d{1,16}$/.test(timestamp) || !/^v1=[0-9a-f]{64}$/.test(signature)) {
    return 'malformed';
  }
  if (Math.abs(options.nowMs - Number(timestamp)) > SIGNATURE_TOLERANCE_MS) {
    return 'stale';
  }
  const bytes = Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(signature.slice(SCHEME.length + 2 * i, SCHEME.length + 2 * i + 2), 16),
  );
  const genuine = await crypto.subtle.verify(
    'HMAC',
    await hmacKey(options.secret),
    bytes,
    signedBytes(request, timestamp),
  );
  return genuine ? 'valid' : 'forged';
}
