import fc from 'fast-check';
import type { Scope } from '../../../edge/middleware/principal.ts';
import { declaredOperations, nameOf, type Route } from '../operations.ts';
import { heic, jpeg, png, webp } from '../pictures.ts';

export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', ' ', '\0', '../', '%', '🦊', '\ud800', 'null', '__proto__', 'constructor'),
  fc.constantFrom('a'.repeat(3000), '9'.repeat(400)),
);

export const anyJson = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom<unknown>(-1, 1e308, 2 ** 53, [], {}, ''),
);

/** A picture's header, whole or with a few bytes changed or missing. */
export const picture = fc
  .record({
    whole: fc.constantFrom(png, jpeg, webp, heic).map((make) => make()),
    changes: fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
    length: fc.oneof(fc.constant(undefined), fc.nat(80)),
  })
  .map(({ whole, changes, length }) =>
    changes
      .filter(([at]) => at < whole.length)
      .reduce((bytes, [at, value]) => bytes.with(at, value), whole)
      .slice(0, length),
  );

const RIGHT_MORE_OFTEN = 3;

/** A field's value: right, or anything. */
function field(...right: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: RIGHT_MORE_OFTEN, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: anyJson },
  );
}

function object(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: RIGHT_MORE_OFTEN, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: anyJson },
  );
}

const image = object({
  data: fc.oneof(
    picture.map((bytes) => bytes.toBase64()),
    field('AAAA'),
  ),
  url: field('http://localhost', 'https://[::1]/', 'ftp://x', 'https://x:99999'),
  upload_id: field('upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'),
});

/** What the fields of bodies may hold, by name. `concept` is one that may be drawn with. */
function fieldValues(concept: () => string): Readonly<Record<string, fc.Arbitrary<unknown>>> {
  const known = fc.constant(null).map(concept); // not there yet when the properties are written down
  return {
    prompt: field('a S* in the snow', 'S*', ''),
    concepts: fc.oneof(
      {
        weight: RIGHT_MORE_OFTEN,
        arbitrary: fc.array(
          object({
            concept: fc.oneof(known, anyJson),
            token: field('S*', 'sks', '<>'),
            strength: field(0, 0.5, 3),
            words: field('primary', 0, 99),
          }),
          { maxLength: 3 },
        ),
      },
      { weight: 1, arbitrary: fc.oneof(anyJson, fc.array(known, { maxLength: 2 })) },
    ),
    negative_prompt: field(''),
    num_images: field(1, 9),
    seed: field(0, 2 ** 32),
    steps: field(1, 10_000),
    sampler: field('lms', 'plms'),
    guidance_scale: field(5, -1),
    guidance_interval: object({ from: field(0, 1), to: field(0.5, 1) }),
    reuse: field(3, 0),
    width: field(64, 65),
    height: field(64),
    format: field('png', 'bmp'),
    start_within: field(60, 0),
    retain: field(3600, 1),
    metadata: field({}, { a: 1 }),
    webhook: object({
      url: field('https://127.0.0.1/', 'http://127.0.0.1:1/', 'https://example.com/'),
      events: field(['generation.succeeded'], ['concept.ready'], []),
    }),
    image,
    mask: fc.oneof(fc.constant('auto'), image),
    name: field('x', null),
    category: field('dog'),
    rights: field('use', 'copy', 'own'),
    max_uses: field(1, 0),
    scopes: field(['concepts:read'] satisfies Scope[], ['x']),
    expires_in: field(60),
    end_user: field('ann'),
    content_type: field('image/png'),
    size: field(1),
    share_url: field('https://edge.test/s/x', 'https://other.test/s/x'),
    reason: field('copyright', 'x'),
    details: field('x'),
    contact: field('ann@example.com', null),
    version: field(1),
    attempt: field('01ARZ3NDEKTSV4RRFFQ69G5FAV'),
    seq: field(0, 1, 2 ** 40),
    at: field('2026-11-01T00:00:00Z'),
    type: field('started', 'progress', 'succeeded', 'failed'),
    step: field(1),
    result: object({ version: field(1), kind: field('generate'), images: field([]) }),
    error: object({ code: field('engine_failed', 'x'), message: field('x'), retryable: field(true) }),
  };
}

/** Bodies that the document does not describe. */
const UNDOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'POST /internal/jobs/{id}/events': ['version', 'attempt', 'seq', 'at', 'type', 'step', 'steps', 'result', 'error'],
};

/** The names of the fields that a route's bodies may have. */
export function fieldsOf(route: Route): readonly string[] {
  const declared = declaredOperations().find((operation) => nameOf(operation) === nameOf(route));
  return declared?.fields ?? UNDOCUMENTED[nameOf(route)] ?? [];
}

/** An object with some of these fields; fails for one that nobody has thought of values for. */
export function bodyWith(names: readonly string[], concept: () => string): fc.Arbitrary<Record<string, unknown>> {
  const values = fieldValues(concept);
  const missing = names.filter((name) => !(name in values));
  if (missing.length > 0) {
    throw new Error(`expected values to fuzz every field of a body with, got none for ${missing.join(', ')}`);
  }
  return fc.record(Object.fromEntries(names.map((name) => [name, values[name]!])), { requiredKeys: [] });
}
