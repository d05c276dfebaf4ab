import type { Context, MiddlewareHandler } from 'hono';
import type { EdgeContext } from '../context.ts';
import type { StoredAnswer } from '../durable-objects/account/idempotency-table.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { ApiError } from '../errors.ts';
import { deadKey } from './authenticate.ts';
import { requestFingerprint } from './request-fingerprint.ts';

const MAX_KEY_CHARS = 255;

/** Answers that stay the same however often the request is made; after any other it may be made anew. */
const DEFINITE_STATUSES: ReadonlySet<number> = new Set([200, 201, 202, 400, 404, 410, 413, 415, 422]);

/** A row of the account holds 2 MB. What is longer is a refusal, and comes out the same when it is judged anew. */
const MAX_STORED_CHARS = 500_000;

const REPLAYED_HEADERS = ['Content-Type', 'Location', 'Preference-Applied'] as const;

export type IdempotencyOptions = {
  /** Shown once: null when the answer is given again. */
  readonly secretFields?: readonly string[];
  /** Answers for an object whose maker could not. */
  readonly recover?: (c: Context<EdgeContext>, objectId: string) => Promise<Response>;
};

/** The caller's Idempotency-Key, quoted or not; null when there is none. */
export function idempotencyKeyOf(c: Context<EdgeContext>): string | null {
  const key = c.req.header('Idempotency-Key')?.replace(/^"(.*)"$/, '$1');
  if (key === undefined) {
    return null;
  }
  if (key.length === 0 || key.length > MAX_KEY_CHARS) {
    const message = `must have 1 to ${MAX_KEY_CHARS} characters`;
    throw new ApiError('validation_failed', `Idempotency-Key ${message}.`, {
      errors: [{ pointer: '#/idempotency-key', message }],
    });
  }
  return key;
}

/** Makes a request with an Idempotency-Key happen once: made again, it gets the first answer. */
export function idempotent({ secretFields = [], recover }: IdempotencyOptions): MiddlewareHandler<EdgeContext> {
  return async (c, next) => {
    const key = idempotencyKeyOf(c);
    if (key === null) {
      return next();
    }
    const { accountId, endUser, concepts } = c.get('principal');
    const account = accountOf(c.env, accountId);
    const begun = await account.beginRequest(key, await requestFingerprint(c.req, { endUser, concepts }));
    switch (begun.state) {
      case 'closed':
        throw deadKey();
      case 'mismatch':
        throw new ApiError('idempotency_mismatch', 'This Idempotency-Key was used for a request with other content.');
      case 'running':
        throw new ApiError('idempotency_in_progress', 'The first request with this Idempotency-Key is still running.', {
          headers: { 'Retry-After': '1' },
        });
      case 'answered':
        return replay(c, begun.answer);
      case 'made':
        if (recover) {
          return recover(c, begun.objectId);
        }
    }
    await next();
    const answer = DEFINITE_STATUSES.has(c.res.status) ? await answerOf(c.res, secretFields) : null;
    await account.endRequest(key, answer && answer.body.length <= MAX_STORED_CHARS ? answer : null);
  };
}

async function answerOf(response: Response, secretFields: readonly string[]): Promise<StoredAnswer> {
  const body = await response.clone().text();
  return {
    status: response.status,
    headers: Object.fromEntries(REPLAYED_HEADERS.map((name) => [name, response.headers.get(name)])),
    body: secretFields.length === 0 ? body : withoutFields(body, secretFields),
  };
}

function withoutFields(json: string, fields: readonly string[]): string {
  return JSON.stringify(JSON.parse(json), (name, value) => (fields.includes(name) ? null : value));
}

/** As it was, but for the id of the request. */
function replay(c: Context<EdgeContext>, { status, headers, body }: StoredAnswer): Response {
  for (const [name, value] of Object.entries(headers)) {
    c.header(name, value ?? undefined);
  }
  c.header('Idempotent-Replayed', 'true');
  const isProblem = headers['Content-Type'] === 'application/problem+json';
  return c.body(
    isProblem ? JSON.stringify({ ...JSON.parse(body), request_id: c.get('requestId') }) : body,
    status as 200,
  );
}
