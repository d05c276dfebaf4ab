import { type ModelDescription, modelDescriptionSchema } from '../../shared/model-description.ts';
import { CURRENT_MODEL_KEY } from '../../shared/object-keys.ts';
import { ApiError } from '../errors.ts';

/** How long an isolate trusts what it read: a new model is seen everywhere after this. */
const CACHE_MS = 5_000;

type Reading = { readonly model: ModelDescription; readonly readAtMs: number };

const readings = new WeakMap<R2Bucket, Reading>();

/** The model the workers announced, or null before the first has. */
export async function readCurrentModel(bucket: R2Bucket, nowMs: number): Promise<ModelDescription | null> {
  const known = readings.get(bucket);
  if (known && nowMs - known.readAtMs < CACHE_MS) {
    return known.model;
  }
  const object = await bucket.get(CURRENT_MODEL_KEY);
  if (!object) {
    return null;
  }
  const model = modelDescriptionSchema.parse(await object.json());
  readings.set(bucket, { model, readAtMs: nowMs });
  return model;
}

export async function requireCurrentModel(bucket: R2Bucket, nowMs: number): Promise<ModelDescription> {
  const model = await readCurrentModel(bucket, nowMs);
  if (!model) {
    throw new ApiError('model_unavailable', 'Expected a model in service, but no worker has announced one yet.', {
      headers: { 'Retry-After': '10' },
    });
  }
  return model;
}
