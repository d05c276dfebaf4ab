import { z } from 'zod';

type ErrorCodeEntry = { readonly status: number; readonly title: string; readonly retryable: boolean };

/**
 * The closed table of error codes a client can meet, as the `code` of an HTTP problem or of a failed concept or
 * generation (there `status` is the one the same fault would have had as an answer). `retryable`: the same request
 * may succeed later.
 */
export const ERROR_CODES = {
  malformed_request: { status: 400, title: 'The request cannot be parsed', retryable: false },
  unauthenticated: { status: 401, title: 'Missing or invalid credentials', retryable: false },
  insufficient_scope: { status: 403, title: 'The token lacks the scope for this', retryable: false },
  right_missing: { status: 403, title: 'The share does not grant this', retryable: false },
  signature_invalid: { status: 403, title: 'The signature of this URL or message is invalid', retryable: false },
  url_expired: { status: 403, title: 'This signed URL has expired', retryable: false },
  not_found: { status: 404, title: 'No such object', retryable: false },
  idempotency_in_progress: {
    status: 409,
    title: 'A request with this Idempotency-Key is still running',
    retryable: true,
  },
  not_ready: { status: 409, title: 'The object is not ready yet', retryable: true },
  gone: { status: 410, title: 'The object existed and is gone', retryable: false },
  taken_down: { status: 410, title: 'The operator took the share down', retryable: false },
  payload_too_large: { status: 413, title: 'The body or a file in it is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'This media type is not accepted here', retryable: false },
  validation_failed: { status: 422, title: 'One or more fields are invalid', retryable: false },
  idempotency_mismatch: { status: 422, title: 'This Idempotency-Key was used for another request', retryable: false },
  segmentation_unavailable: { status: 422, title: 'The model has no segmentation', retryable: false },
  fetch_failed: { status: 422, title: 'The image URL could not be fetched', retryable: true },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'Something failed on our side', retryable: true },
  model_unavailable: { status: 503, title: 'No worker has announced a model yet', retryable: true },
  unavailable: { status: 503, title: 'The service cannot take this now', retryable: true },

  image_corrupt: { status: 422, title: 'The image cannot be decoded', retryable: false },
  image_unsupported: { status: 422, title: 'The image has a form that is not supported', retryable: false },
  image_too_large: { status: 422, title: 'The image has too many pixels', retryable: false },
  mask_corrupt: { status: 422, title: 'The mask cannot be decoded', retryable: false },
  mask_empty: { status: 422, title: 'The mask marks no object', retryable: false },
  placeholder_missing: {
    status: 422,
    title: 'The placeholder is not in the part of the prompt the model reads',
    retryable: false,
  },
  model_mismatch: { status: 422, title: 'The object belongs to another model', retryable: false },
  engine_failed: { status: 500, title: 'The model failed on this job', retryable: true },
  canceled: { status: 409, title: 'The job was cancelled', retryable: false },
  deadline_exceeded: { status: 504, title: 'The job did not end in time', retryable: true },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const errorCodeSchema = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);
