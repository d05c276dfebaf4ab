import type { HonoRequest } from 'hono';
import { mediaTypeOf } from './media-type.ts';
import type { Principal } from './principal.ts';

type Asker = Pick<Principal, 'endUser' | 'concepts'>;

/**
 * SHA-256 of what a request means: method, path, query and the parsed body, fields in the order of their names and
 * files by their content. The bytes on the wire will not do, since the boundaries of multipart bodies differ each
 * time. `asker` is whom the answer is for: another who sends the same is not to see it.
 */
export async function requestFingerprint(request: HonoRequest, asker: Asker): Promise<string> {
  const { pathname, searchParams } = new URL(request.url);
  searchParams.sort();
  const meaning = [request.method, pathname, searchParams.toString(), await bodyMeaning(request)];
  return sha256(JSON.stringify([...meaning, asker.endUser, asker.concepts]));
}

async function bodyMeaning(request: HonoRequest): Promise<unknown> {
  const body = await request.arrayBuffer();
  const mediaType = mediaTypeOf(request);
  try {
    if (mediaType.endsWith('json')) {
      return sorted(JSON.parse(new TextDecoder().decode(body)));
    }
    if (mediaType.includes('form')) {
      const headers = { 'Content-Type': request.header('Content-Type')! };
      return await formMeaning(await new Response(body, { headers }).formData());
    }
  } catch {
    // What cannot be parsed means its bytes; the handler will refuse it.
  }
  return sha256(body);
}

async function formMeaning(form: FormData): Promise<unknown> {
  const fields = await Promise.all(
    [...form].map(async ([name, value]): Promise<[string, unknown]> => {
      return [name, typeof value === 'string' ? value : { file: await sha256(await value.arrayBuffer()) }];
    }),
  );
  return fields.sort(byName);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, inner]): [string, unknown] => [name, sorted(inner)])
      .sort(byName);
  }
  return value;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function sha256(content: string | ArrayBuffer): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
}
