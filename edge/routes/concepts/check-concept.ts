import type { Context } from 'hono';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { conceptWebhookSchema } from '../../../shared/webhook.ts';
import type { EdgeContext } from '../../context.ts';
import { ApiError } from '../../errors.ts';
import { checkImageHeader, type ImageContentType } from '../../images/image-header.ts';
import { mediaTypeOf } from '../../middleware/media-type.ts';
import { readCurrentModel } from '../../storage/current-model.ts';
import { allChecked } from '../validation/all-checked.ts';
import { soundFields } from '../validation/sound-fields.ts';
import { checkWebhook } from '../webhooks/check-webhook.ts';
import { type ConceptRequest, conceptFormSchema, conceptJsonSchema, jsonTextSchema } from './concept-request.ts';
import { readImage } from './image-source.ts';

export type Picture = { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: ImageContentType };

export type ConceptPictures = { readonly image: Picture; readonly mask: Picture | null };

/** What can be judged of a request beyond its shape. */
export type ConceptParts = Partial<Pick<ConceptRequest, 'image' | 'mask'>> & {
  readonly webhook?: { readonly url?: string | undefined } | undefined;
};

/**
 * Reads the pictures that there are, and throws for everything about the parts of a request that is wrong though
 * well-formed. `model` is null before a worker has announced one.
 */
export async function checkConceptParts(
  c: Context<EdgeContext>,
  { image, mask, webhook }: ConceptParts,
  model: ModelDescription | null,
): Promise<{ image: Picture | null; mask: Picture | null }> {
  const [imagePicture, maskPicture] = await allChecked([
    image === undefined ? Promise.resolve(null) : readPicture(c, image, 'image'),
    mask === undefined || mask === 'auto' ? checkSegmentation(mask, model) : readPicture(c, mask, 'mask'),
    checkWebhook(c, webhook),
  ]);
  return { image: imagePicture, mask: maskPicture };
}

/** The same for a body that is to be refused already, as far as its parts are right by themselves. */
export async function checkConceptBody(c: Context<EdgeContext>, body: unknown): Promise<void> {
  const isJson = mediaTypeOf(c.req).endsWith('json');
  const { image, mask } = isJson ? soundFields(conceptJsonSchema, body) : soundFields(conceptFormSchema, body);
  const { webhook: sent } = Object(body) as { readonly webhook?: unknown };
  const webhook = soundFields(conceptWebhookSchema, isJson ? sent : jsonTextSchema.safeParse(sent).data);
  await checkConceptParts(c, { image, mask, webhook }, await readCurrentModel(c.env.BUCKET, Date.now()));
}

async function readPicture(
  c: Context<EdgeContext>,
  source: ConceptRequest['image'],
  field: 'image' | 'mask',
): Promise<Picture> {
  const bytes = await readImage(c, source, field);
  return { bytes, contentType: checkImageHeader(bytes, field) };
}

async function checkSegmentation(mask: 'auto' | undefined, model: ModelDescription | null): Promise<null> {
  if (mask === 'auto' && model?.segmentation === false) {
    throw new ApiError(
      'segmentation_unavailable',
      'Expected a mask or none: this model cannot find the object by itself.',
      { errors: [{ pointer: '#/mask', message: 'must not be auto' }] },
    );
  }
  return null;
}
