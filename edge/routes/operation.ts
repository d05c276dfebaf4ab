import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { ERROR_CODES, type ErrorCode } from '../../shared/error-codes.ts';
import { problemSchema } from '../../shared/problem.ts';
import { type IdempotencyOptions, idempotent } from '../middleware/idempotency.ts';
import { wholeBody } from '../middleware/whole-body.ts';
import { problemExample } from '../openapi/problem-example.ts';
import { type Access, accessErrors, guard, securityRequirements } from './access.ts';

const MAX_JSON_BODY_BYTES = 6 * 1024 * 1024;

export type OperationOptions = {
  /** There is no default: a route cannot be declared without saying who may call it. */
  readonly access: Access;
  /** Errors of its own; those that every operation of its kind can have are added. */
  readonly errors?: readonly ErrorCode[];
  readonly maxBodyBytes?: number;
  /** Makes something: takes an Idempotency-Key. */
  readonly creates?: IdempotencyOptions;
};

function errorResponses(codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}.`).join(' '),
        content: {
          'application/problem+json': {
            schema: problemSchema,
            examples: Object.fromEntries(
              group.map((code) => [code, { summary: ERROR_CODES[code].title, value: problemExample(code) }]),
            ),
          },
        },
      },
    ]),
  );
}

/** For the document: the middleware reads the header itself. */
function withIdempotencyKey(request: RouteConfig['request']): RouteConfig['request'] {
  const header = z.string().max(257).optional().meta({
    description:
      'Makes the request happen once: made again within 24 hours with the same key, it gets the first answer.',
  });
  const headers = (request?.headers as z.ZodObject | undefined) ?? z.object({});
  return { ...request, headers: headers.extend({ 'idempotency-key': header }) };
}

/**
 * A route of the public API: its schema for the OpenAPI document, and around its handler what no route may forget:
 * who may call it, how large a body may be, and which errors it documents.
 */
export function operation<P extends string, R extends Omit<RouteConfig, 'path'> & { path: P }>(
  { access, errors = [], maxBodyBytes = MAX_JSON_BODY_BYTES, creates }: OperationOptions,
  route: R,
) {
  const codes: ErrorCode[] = [
    ...accessErrors(access),
    ...(route.request ? (['validation_failed'] as const) : []),
    ...errors,
  ];
  if (route.request?.body) {
    codes.push('malformed_request', 'payload_too_large', 'unsupported_media_type');
  }
  if (creates) {
    codes.push('validation_failed', 'idempotency_mismatch', 'idempotency_in_progress');
  }
  return createRoute({
    ...route,
    security: securityRequirements(access),
    ...(creates && { request: withIdempotencyKey(route.request) }),
    middleware: [
      guard(access),
      ...(route.method === 'get' ? [] : [wholeBody(maxBodyBytes)]), // a GET means the same whatever its body says
      ...(creates ? [idempotent(creates)] : []),
    ],
    responses: { ...route.responses, ...errorResponses(codes) },
  } as R);
}
