import { ApiError } from '../errors.ts';

/** A file from R2 as an answer that no browser takes for a page. */
export async function storedFile(
  bucket: R2Bucket,
  key: string,
  options: { contentType?: string; downloadAs?: string } = {},
): Promise<Response> {
  const object = await bucket.get(key);
  if (!object) {
    throw new ApiError('not_found', 'This file is gone.');
  }
  const headers = new Headers({
    'Cache-Control': 'private, max-age=3600',
    'X-Content-Type-Options': 'nosniff',
    ETag: object.httpEtag,
  });
  headers.set('Content-Type', options.contentType ?? object.httpMetadata?.contentType ?? 'application/octet-stream');
  headers.set('Content-Length', String(object.size));
  headers.set('Content-Disposition', options.downloadAs ? `attachment; filename="${options.downloadAs}"` : 'inline');
  return new Response(object.body, { headers });
}
