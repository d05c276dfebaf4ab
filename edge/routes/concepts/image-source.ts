import type { Context } from 'hono';
import { clientUploadKey } from '../../../shared/object-keys.ts';
import type { EdgeContext } from '../../context.ts';
import { fetchImage } from '../../egress/fetch-image.ts';
import { targetRulesOf } from '../../egress/public-target.ts';
import { ApiError, invalidField } from '../../errors.ts';
import type { ImageSource } from './concept-request.ts';

/** Base64 in JSON costs memory three times over: less than an upload may have. */
export const MAX_BASE64_IMAGE_BYTES = 4 * 1024 * 1024;

/** The bytes of a picture, wherever the request says that they are. */
export async function readImage(
  c: Context<EdgeContext>,
  source: File | ImageSource,
  field: 'image' | 'mask',
): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof File) {
    return new Uint8Array(await source.arrayBuffer());
  }
  if (source.data !== undefined) {
    return decodeBase64(source.data, field);
  }
  if (source.url !== undefined) {
    return fetchImage(source.url, field, { rules: targetRulesOf(c.get('settings')), fetch });
  }
  return readUpload(c, source.upload_id!, field);
}

function decodeBase64(data: string, field: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.fromBase64(data);
  if (bytes.length > MAX_BASE64_IMAGE_BYTES) {
    throw new ApiError(
      'payload_too_large',
      `Expected ${field} in base64 to be at most ${MAX_BASE64_IMAGE_BYTES} bytes decoded, got ${bytes.length}; upload it.`,
      { errors: [{ pointer: `#/${field}/data`, message: `must be at most ${MAX_BASE64_IMAGE_BYTES} bytes decoded` }] },
    );
  }
  return bytes;
}

async function readUpload(c: Context<EdgeContext>, uploadId: string, field: string): Promise<Uint8Array<ArrayBuffer>> {
  const object = await c.env.BUCKET.get(clientUploadKey(c.get('principal').accountId, uploadId));
  if (!object) {
    throw invalidField(`#/${field}/upload_id`, 'must be an upload of yours that has arrived');
  }
  return new Uint8Array(await object.arrayBuffer());
}
