import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ERROR_CODES, type ErrorCode } from '../../shared/error-codes.ts';
import { problemSchema } from '../../shared/problem.ts';
import type { EdgeContext } from '../context.ts';
import { verifySignedUrl } from '../credentials/signed-url.ts';
import { ApiError } from '../errors.ts';
import { authenticate } from '../middleware/authenticate.ts';
import type { Scope } from '../middleware/principal.ts';

/** Who may call an operation. There is no default: a route cannot be declared without one. */
export type Access =
  | { readonly by: 'anyone' }
  | { readonly by: 'token'; readonly scope: Scope }
  /** The token or a signed URL from one of our answers. */
  | { readonly by: 'token_or_signed_url'; readonly scope: Scope };

export const ANYONE: Access = { by: 'anyone' };

export const MAX_JSON_BODY_BYTES = 6 * 1024 * 1024;

export type OperationOptions = {
  readonly access: Access;
  /** Errors of its own; those that every operation can have are added. */
  readonly errors?: readonly ErrorCode[];
  readonly maxBodyBytes?: number;
};

function guard(access: Access): MiddlewareHandler<EdgeContext> {
  return async (c, next) => {
    if (access.by === 'token') {
      c.set('principal', await authenticate(c));
    } else if (access.by === 'token_or_signed_url') {
      c.set('principal', c.req.query('sig') === undefined ? await authenticate(c) : await signedUrlPrincipal(c));
    }
    await next();
  };
}

async function signedUrlPrincipal(c: Parameters<MiddlewareHandler<EdgeContext>>[0]) {
  const result = await verifySignedUrl(new URL(c.req.url), c.get('settings').TOKEN_SIGNING_SECRET, Date.now());
  switch (result.verdict) {
    case 'valid':
      return { accountId: result.accountId, keyId: null };
    case 'expired':
      throw new ApiError('url_expired', 'This URL has expired; get the object again for a fresh one.');
    case 'invalid':
      throw new ApiError(
        'signature_invalid',
        'Expected a URL as it stood in an answer, got one whose signature does not match.',
      );
  }
}

function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new ApiError('payload_too_large', `Expected a body of at most ${maxSize} bytes.`);
    },
  });
}

function errorResponses(codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}

const ACCESS_ERRORS: Readonly<Record<Access['by'], readonly ErrorCode[]>> = {
  anyone: [],
  token: ['unauthenticated'],
  token_or_signed_url: ['unauthenticated', 'signature_invalid', 'url_expired'],
};

/**
 * A route of the public API: its schema for the OpenAPI document, and around its handler what no route may forget:
 * who may call it, how large a body may be, and which errors it documents.
 */
export function operation<P extends string, R extends Omit<RouteConfig, 'path'> & { path: P }>(
  { access, errors = [], maxBodyBytes = MAX_JSON_BODY_BYTES }: OperationOptions,
  route: R,
) {
  const codes: ErrorCode[] = [
    ...ACCESS_ERRORS[access.by],
    ...(route.request ? (['validation_failed'] as const) : []),
    ...errors,
  ];
  if (route.request?.body) {
    codes.push('malformed_request', 'payload_too_large', 'unsupported_media_type');
  }
  return createRoute({
    ...route,
    security: access.by === 'anyone' ? [] : [{ bearer: [access.scope] }],
    middleware: [guard(access), limitBody(maxBodyBytes)],
    responses: { ...route.responses, ...errorResponses(codes) },
  } as R);
}

export { z };
