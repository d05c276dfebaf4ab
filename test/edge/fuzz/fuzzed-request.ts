import fc from 'fast-check';
import { type PathObjects, pathWith } from '../one-of-each.ts';
import type { Route } from '../operations.ts';
import { testConceptFile } from '../scripted-worker.ts';
import { anyJson, bodyWith, fieldsOf, picture, text } from './body-fields.ts';

export type FuzzedRequest = {
  readonly path: string;
  readonly headers: [string, string][];
  readonly body: BodyInit | undefined;
};

const fileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  picture,
  fc.nat(600).map((length) => testConceptFile().slice(0, length)),
  fc.nat(600).map((at) => testConceptFile().with(at, 0xff)),
);

function formWith(names: readonly string[]): fc.Arbitrary<FormData> {
  const name = names.length > 0 ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, text) : text;
  const value = fc.oneof(
    text,
    anyJson.map((json) => JSON.stringify(json)),
    picture,
  );
  return fc.array(fc.tuple(name, value), { maxLength: 4 }).map((entries) => {
    const data = new FormData();
    for (const [field, content] of entries) {
      data.append(field, typeof content === 'string' ? content : new File([new Uint8Array(content)], 'photo'));
    }
    return data;
  });
}

function bodyFor(route: Route, concept: () => string): fc.Arbitrary<BodyInit | undefined> {
  if (route.method === 'GET') {
    return fc.constant(undefined);
  }
  const names = fieldsOf(route);
  const json = bodyWith(names, concept).map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 5, arbitrary: json },
    { weight: 1, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        text,
        json.map((value) => value.slice(0, -1)),
      ),
    },
    { weight: 1, arbitrary: formWith(names) },
    { weight: 1, arbitrary: fileBytes.map((array) => new Uint8Array(array)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const HEADER_NAMES = [
  ...['Idempotency-Key', 'Last-Event-ID', 'X-Request-Id', 'traceparent', 'Accept', 'Prefer', 'Range', 'If-None-Match'],
] as const;

/** What may stand in a header at all. */
const headerText = text.map((value) => value.replace(/[^\x20-\x7e]/g, '').trim());

const headers = fc.array(fc.tuple(fc.constantFrom(...HEADER_NAMES), headerText), { maxLength: 3 });

const contentType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    ...['', 'text/plain', 'application/octet-stream', 'application/JSON; charset=x'],
    ...['multipart/form-data', 'multipart/form-data; boundary=x', 'multipart/form-data; boundary=json'],
  ),
);

const QUERY_NAMES = ['limit', 'cursor', 'status', 'until', 'wait', 'dry_run', 'period', 'exp', 'kid', 'sig'] as const;
const query = fc.array(
  fc.tuple(
    fc.constantFrom(...QUERY_NAMES),
    fc.oneof(text, fc.constantFrom('1', '0', 'true', 'end', '2026-01', 'Y29u')),
  ),
  { maxLength: 3 },
);

/** The route's path with the objects that there are, or with anything in their place. */
function pathFor({ path }: Route, objects: () => PathObjects): fc.Arbitrary<string> {
  const replacement = fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    text.map((value) => encodeURIComponent(value.toWellFormed())),
    fc.constantFrom('0', '1', '-1'),
  );
  return fc
    .infiniteStream(replacement)
    .map((replacements) => pathWith(objects(), path, (value) => replacements.next().value ?? value));
}

/** Requests of every kind of nonsense, close to and far from what a route wants. */
export function requestFor(route: Route, objects: () => PathObjects): fc.Arbitrary<FuzzedRequest> {
  const body = bodyFor(route, () => objects()['/v1/concepts/{id}']!);
  return fc.record({ path: pathFor(route, objects), query, headers, contentType, body }).map((parts) => {
    const type = typeof parts.body === 'string' || parts.body instanceof Uint8Array ? parts.contentType : '';
    const search = parts.query.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
    return {
      path: search ? `${parts.path}?${search}` : parts.path,
      headers: [...parts.headers, ...(type ? [['Content-Type', type] as [string, string]] : [])],
      body: parts.body,
    };
  });
}
