import { ERROR_CODES, type ErrorCode } from '../../shared/error-codes.ts';
import type { Problem } from '../../shared/problem.ts';

/** What each error may say: an example of the `detail` that comes with its code. */
const DETAILS: Readonly<Record<ErrorCode, string>> = {
  malformed_request: 'Expected a JSON body, got something else.',
  unauthenticated: 'Expected the header Authorization: Bearer <token>, got none.',
  insufficient_scope: 'Expected a token with the scope generations:write, got one without.',
  right_missing: 'Expected a share that grants export, got one that grants use.',
  signature_invalid: 'Expected a URL as it stood in an answer, got one whose signature does not match.',
  url_expired: 'This URL has expired; get the object again for a fresh one.',
  not_found: 'There is no concept con_01KAQ8M0V3T5ZC9R2W4XYD6EFG.',
  idempotency_in_progress: 'A request with the Idempotency-Key 5f0c1a is still running; send it again in a moment.',
  not_ready: 'Expected a concept that is ready, got one that is encoding.',
  gone: 'This share has been revoked or has expired.',
  taken_down: 'This share was taken down by the operator.',
  payload_too_large: 'Expected image to be at most 10485760 bytes, got 12582912.',
  unsupported_media_type: 'Expected image to be JPEG, PNG, WebP or HEIC, got bytes of another kind.',
  validation_failed: '#/steps must be 1 to 200, got 10000',
  idempotency_mismatch: 'The Idempotency-Key 5f0c1a was used for another request less than 24 hours ago.',
  segmentation_unavailable: 'Expected a mask or none: the model in service cannot find the object by itself.',
  fetch_failed: 'Expected the image URL to answer 200, got 404.',
  rate_limited: 'Expected at most 60 requests a minute; the next is possible in 12 seconds.',
  internal: 'An unexpected error; the request id finds it in our logs.',
  model_unavailable: 'Expected a model in service, but no worker has announced one yet.',
  unavailable: 'The service cannot take this now.',
  image_corrupt: 'Expected image to say its width and height in a whole header, got a damaged one.',
  image_unsupported: 'Expected a still picture, got an animated one.',
  image_too_large: 'Expected image to have at most 40000000 pixels, got 10000×6000.',
  mask_corrupt: 'Expected a mask that can be decoded, got one that ends too early.',
  mask_empty: 'Expected a mask with some white in it, got one that is all black.',
  placeholder_missing: 'The prompt was cut after 77 tokens, and S* with the rest of it.',
  model_mismatch: 'Expected a concept of model toyland-7c21f09b, got one of sd-1-4-90ab33de.',
  engine_failed: 'The model failed on this job; it may succeed when sent again.',
  canceled: 'The job was cancelled.',
  deadline_exceeded: 'The job did not end in time.',
};

/** A problem as the API would answer it. */
export function problemExample(code: ErrorCode): Problem {
  const { status, title, retryable } = ERROR_CODES[code];
  return {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: DETAILS[code],
    code,
    retryable,
    request_id: '7f0a4c1e-52d9-4a53-9c0e-0d6f3a1b2c4d',
    ...(code === 'validation_failed' && {
      errors: [{ pointer: '#/steps', message: 'must be 1 to 200, got 10000' }],
    }),
  };
}
