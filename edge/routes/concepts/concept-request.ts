import { z } from '@hono/zod-openapi';
import { metadataSchema } from '../../../shared/object-parts.ts';
import { ApiError } from '../../errors.ts';
import { MAX_IMAGE_BYTES } from '../../images/image-header.ts';

/** Base64 in JSON costs memory three times over: less than an upload may have. */
export const MAX_BASE64_IMAGE_BYTES = 4 * 1024 * 1024;

/** Both files at their most, and room for the fields. */
export const MAX_MULTIPART_BYTES = 2 * MAX_IMAGE_BYTES + 64 * 1024;

const nameSchema = z.string().min(1).max(200);

const fields = {
  name: nameSchema.nullish(),
  category: nameSchema.nullish().meta({ description: 'The plain word for the thing, such as “dog”.' }),
  metadata: metadataSchema.optional(),
};

const imageSourceSchema = z.strictObject({ data: z.base64().meta({ description: 'Base64, at most 4 MiB decoded.' }) });

export const conceptJsonSchema = z.strictObject({
  image: imageSourceSchema,
  mask: imageSourceSchema.optional(),
  ...fields,
});

/** What the two forms of the request come to. */
export type ConceptRequest = {
  readonly image: Uint8Array;
  readonly mask: Uint8Array | null;
  readonly name: string | null;
  readonly category: string | null;
  readonly metadata: z.infer<typeof metadataSchema>;
};

const fileSchema = z.instanceof(File, { error: 'must be a file' }).openapi({
  type: 'string',
  format: 'binary',
  description: 'JPEG, PNG, WebP or HEIC, at most 10 MiB and 40 megapixels.',
});

const jsonTextSchema = z
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
  image: fileSchema,
  mask: fileSchema.optional(),
  ...fields,
  metadata: jsonTextSchema.pipe(metadataSchema).optional(),
});

export async function readConceptRequest(
  body: z.infer<typeof conceptJsonSchema> | z.infer<typeof conceptFormSchema>,
): Promise<ConceptRequest> {
  return {
    image: await imageBytes(body.image, 'image'),
    mask: body.mask ? await imageBytes(body.mask, 'mask') : null,
    name: body.name ?? null,
    category: body.category ?? null,
    metadata: body.metadata ?? {},
  };
}

async function imageBytes(source: File | z.infer<typeof imageSourceSchema>, field: string): Promise<Uint8Array> {
  if (source instanceof File) {
    return new Uint8Array(await source.arrayBuffer());
  }
  const bytes = Uint8Array.fromBase64(source.data);
  if (bytes.length > MAX_BASE64_IMAGE_BYTES) {
    throw new ApiError(
      'payload_too_large',
      `Expected ${field} in base64 to be at most ${MAX_BASE64_IMAGE_BYTES} bytes decoded, got ${bytes.length}; send it as multipart.`,
    );
  }
  return bytes;
}
