import { MAX_IMAGE_BYTES } from '../../shared/image-limits.ts';
import { ApiError } from '../errors.ts';
import { checkTarget, type TargetRules } from './public-target.ts';

const MAX_REDIRECTS = 3;
const FETCH_TIMEOUT_MS = 10_000;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export type ImageFetcher = { readonly rules: TargetRules; readonly fetch: typeof fetch };

/**
 * Gets a picture that a user names by URL: over https from a host on the internet, every redirect judged like the URL
 * itself, and never more than a picture may have. Throws the API's answer.
 */
export async function fetchImage(
  url: string,
  field: 'image' | 'mask',
  { rules, fetch }: ImageFetcher,
): Promise<Uint8Array<ArrayBuffer>> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const failed = (reason: string) =>
    new ApiError('fetch_failed', `Expected a picture at the URL of ${field}: ${reason}.`, {
      errors: [{ pointer: `#/${field}/url`, message: reason }],
    });
  let next = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const target = await checkTarget(next, { ...rules, allowLoopback: false });
    if (target.verdict === 'unresolved') {
      throw failed(target.reason);
    }
    if (target.verdict === 'refused') {
      throw new ApiError('validation_failed', `The URL of ${field} ${target.reason}.`, {
        errors: [{ pointer: `#/${field}/url`, message: target.reason }],
      });
    }
    const response = await fetch(target.url, { redirect: 'manual', signal, headers: { Accept: 'image/*' } }).catch(
      (error) => {
        throw failed(`it could not be reached (${error})`);
      },
    );
    const location = response.headers.get('Location');
    if (REDIRECT_STATUSES.has(response.status) && location !== null) {
      await response.body?.cancel();
      next = URL.parse(location, target.url)?.href ?? location;
    } else if (response.status === 200) {
      return readCapped(response, field).catch((error) => {
        throw error instanceof ApiError ? error : failed(`it broke off (${error})`);
      });
    } else {
      await response.body?.cancel();
      throw failed(`it answered with status ${response.status}`);
    }
  }
  throw failed(`it redirects more than ${MAX_REDIRECTS} times`);
}

async function readCapped(response: Response, field: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_IMAGE_BYTES) {
      throw new ApiError('payload_too_large', `Expected ${field} to be at most ${MAX_IMAGE_BYTES} bytes, got more.`, {
        errors: [{ pointer: `#/${field}/url`, message: `must lead to at most ${MAX_IMAGE_BYTES} bytes` }],
      });
    }
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
