import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { newId, uploadIdSchema } from '../../../shared/ids.ts';
import { MAX_IMAGE_BYTES } from '../../../shared/image-limits.ts';
import { clientUploadKey } from '../../../shared/object-keys.ts';
import { UPLOAD_RETAIN_SECONDS } from '../../../shared/retention.ts';
import type { EdgeContext } from '../../context.ts';
import { IMAGE_CONTENT_TYPES } from '../../images/image-header.ts';
import { requireStillAuthentic } from '../../middleware/still-authentic.ts';
import { presignUpload, UPLOAD_URL_LIFETIME_SECONDS } from '../../storage/presign-upload.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';

const uploadSchema = z
  .object({
    id: uploadIdSchema,
    url: z.string(),
    method: z.literal('PUT'),
    headers: z.record(z.string(), z.string()).meta({ description: 'To be sent with the PUT as they are.' }),
    expires_at: z.iso.datetime(),
  })
  .openapi('Upload');

const route = operation(
  { access: { by: 'token', scope: 'concepts:write' }, creates: {} },
  {
    method: 'post',
    path: '/v1/uploads',
    operationId: 'createUpload',
    tags: ['Concepts'],
    summary: 'A place to upload a large photo to',
    description: `PUT the photo there, then make the concept of it by \`upload_id\`. An upload is deleted after ${UPLOAD_RETAIN_SECONDS / 3600} hours.`,
    request: {
      body: {
        required: true,
        content: {
          'application/json': {
            schema: z.strictObject({
              content_type: z.enum(IMAGE_CONTENT_TYPES),
              size: z.int().min(1).max(MAX_IMAGE_BYTES),
            }),
          },
        },
      },
    },
    responses: { 201: { description: 'Where to.', content: { 'application/json': { schema: uploadSchema } } } },
  },
);

export function createUpload(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { content_type: contentType, size: sizeBytes } = c.req.valid('json');
    const nowMs = Date.now();
    const id = newId('upload', nowMs);
    const key = clientUploadKey(c.get('principal').accountId, id);
    const { url, headers } = await presignUpload(key, { contentType, sizeBytes }, c.get('settings'));
    await requireStillAuthentic(c); // so that no URL outlives the last sweep of an account that closes meanwhile
    const expiresAt = isoTime(nowMs + 1000 * UPLOAD_URL_LIFETIME_SECONDS);
    return c.json({ id, url, method: 'PUT' as const, headers: { ...headers }, expires_at: expiresAt }, 201);
  });
}
