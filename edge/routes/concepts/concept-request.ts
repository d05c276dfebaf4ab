import { z } from '@hono/zod-openapi';
import { uploadIdSchema } from '../../../shared/ids.ts';
import { MAX_IMAGE_BYTES } from '../../../shared/image-limits.ts';
import { metadataSchema } from '../../../shared/object-parts.ts';
import { retainSchema } from '../../../shared/retention.ts';
import { conceptWebhookSchema } from '../../../shared/webhook.ts';

/** Both files at their most, and room for the fields. */
export const MAX_MULTIPART_BYTES = 2 * MAX_IMAGE_BYTES + 64 * 1024;

const nameSchema = z.string().min(1).max(200);

export const conceptFields = {
  name: nameSchema.nullish(),
  category: nameSchema.nullish().meta({ description: 'The plain word for the thing, such as “dog”.' }),
  metadata: metadataSchema.optional(),
};

const imageSourceSchema = z
  .strictObject({
    data: z.base64().optional().meta({ description: 'Base64, at most 4 MiB decoded.' }),
    url: z
      .url()
      .max(2048)
      .optional()
      .meta({ description: 'https, on the internet; fetched when the request is made.' }),
    upload_id: uploadIdSchema.optional().meta({ description: 'Of `POST /v1/uploads`, after the PUT.' }),
  })
  .refine((source) => Object.keys(source).length === 1, 'must have exactly one of url, data and upload_id');

export type ImageSource = z.infer<typeof imageSourceSchema>;

const autoMaskSchema = z.literal('auto').meta({ description: 'Asks the model to find the object.' });

const retainField = retainSchema
  .optional()
  .meta({ description: 'Seconds until it is deleted; kept until you do if left out.' });

export const conceptJsonSchema = z.strictObject({
  retain: retainField,
  image: imageSourceSchema,
  mask: z.union([autoMaskSchema, imageSourceSchema]).optional(),
  ...conceptFields,
  webhook: conceptWebhookSchema.optional(),
});

const fileSchema = z.instanceof(File, { error: 'must be a file' }).openapi({
  type: 'string',
  format: 'binary',
  description: 'JPEG, PNG, WebP or HEIC, at most 10 MiB and 40 megapixels.',
});

export const jsonTextSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .openapi({ type: 'string', description: 'JSON.' });

export const conceptFormSchema = z.strictObject({
  retain: z.coerce.number().pipe(retainSchema).optional(),
  image: fileSchema,
  mask: z.union([autoMaskSchema, fileSchema]).optional(),
  ...conceptFields,
  metadata: jsonTextSchema.pipe(metadataSchema).optional(),
  webhook: jsonTextSchema.pipe(conceptWebhookSchema).optional(),
});

export type ConceptRequest = z.infer<typeof conceptJsonSchema> | z.infer<typeof conceptFormSchema>;
