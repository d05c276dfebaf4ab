import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../shared/error-codes.ts';
import type { Problem } from '../shared/problem.ts';
import type { EdgeContext } from './context.ts';
import { SettingsError } from './env.ts';

export type FieldError = { readonly pointer: string; readonly message: string };

/** An answer that is an error: thrown anywhere while a request is handled, turned into a body in one place. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { errors?: readonly FieldError[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.code = code;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/** Enough for any request that somebody wrote; a body of megabytes can have a hundred thousand wrong fields. */
const MAX_FIELD_ERRORS = 100;

/** A 422 that names one or more fields. */
export function invalidFields(allErrors: readonly FieldError[]): ApiError {
  const errors = allErrors.slice(0, MAX_FIELD_ERRORS);
  return new ApiError('validation_failed', errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '), {
    errors,
  });
}

export function invalidField(pointer: string, message: string): ApiError {
  return invalidFields([{ pointer, message }]);
}

/** A JSON Pointer in a URI fragment (RFC 6901 section 6). */
export function pointerTo(path: readonly PropertyKey[]): string {
  return `#${path.map((key) => `/${encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
}

/** Every issue zod found, by field; unknown fields are named one by one. */
export function fromZodError(error: Pick<z.core.$ZodError, 'issues'>): ApiError {
  return invalidFields(
    error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), message: 'is not a known field' }))
        : [{ pointer: pointerTo(issue.path), message: issue.message }],
    ),
  );
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'malformed_request',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  if (error instanceof HTTPException) {
    return new ApiError(CODE_OF_STATUS[error.status] ?? 'malformed_request', error.message);
  }
  if (error instanceof SettingsError) {
    console.error(JSON.stringify({ level: 'error', message: 'settings', detail: error.message }));
    return new ApiError('unavailable', 'The service is not configured.', { headers: { 'Retry-After': '60' } });
  }
  console.error(
    JSON.stringify({
      level: 'error',
      message: 'unhandled',
      detail: error instanceof Error ? error.stack : String(error),
    }),
  );
  return new ApiError('internal', 'An unexpected error; the request id finds it in our logs.');
}

/** The one place that builds an error body. */
export function problemResponse(error: unknown, c: Context<EdgeContext>): Response {
  const { code, message, errors, headers } = toApiError(error);
  const { status, title, retryable } = ERROR_CODES[code];
  const problem: Problem = {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: message,
    code,
    retryable,
    request_id: c.get('requestId'),
    ...(errors && { errors: [...errors] }),
  };
  return c.body(JSON.stringify(problem), {
    status,
    headers: { ...headers, 'Content-Type': 'application/problem+json' },
  });
}
