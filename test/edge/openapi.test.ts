import { env } from 'cloudflare:workers';
import { type Schema, Validator } from '@cfworker/json-schema';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { EXAMPLE_SHARE_TOKEN } from '../../edge/credentials/share-token.ts';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import { openApiDocument } from '../../edge/openapi/openapi-document.ts';
import { EXAMPLE_WEBHOOK_URL } from '../../edge/openapi/request-examples.ts';
import { CONCEPT_FILE_CONTENT_TYPE } from '../../shared/concept-file.ts';
import { ERROR_CODES, type ErrorCode } from '../../shared/error-codes.ts';
import { EXAMPLE_IDS, type IdKind } from '../../shared/ids.ts';
import { clientUploadKey } from '../../shared/object-keys.ts';
import { problemSchema } from '../../shared/problem.ts';
import {
  announceModel,
  type Client,
  clientWith,
  newClient,
  ORIGIN,
  photoForm,
  readyConcept,
  request,
} from './client.ts';
import { reportOf } from './one-of-each.ts';
import { png } from './pictures.ts';
import { doJob, queuedMessages, testConceptFile } from './scripted-worker.ts';
import { setAddresses } from './webhooks/receiver.ts';

type Media = { readonly schema: Schema; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> };
type Content = Readonly<Record<string, Media>>;
type Parameter = { readonly name: string; readonly in: 'path' | 'query' | 'header'; readonly schema: Schema };
type Operation = {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Record<string, string[]>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly headers: object }>>;
};
type Call = { readonly operation: Operation; readonly mediaType?: string; readonly value?: unknown };

const document = openApiDocument(createApp(), ORIGIN);
const operations: readonly Operation[] = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
);

/** One call for each example of a body, or one without a body. */
const calls = operations.flatMap((operation): (readonly [string, Call])[] => {
  const bodies = Object.entries(operation.requestBody?.content ?? {}).flatMap(([mediaType, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => [name, { operation, mediaType, value }] as const),
  );
  const all = bodies.length > 0 ? bodies : [['no body', { operation }] as const];
  return all.map(([name, call]) => [`${operation.operationId} with ${name}`, call]);
});

let client: Client;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  await setAddresses(new URL(EXAMPLE_WEBHOOK_URL).hostname, ['93.184.215.14']);
});

async function readyConceptWithMask(): Promise<string> {
  const form = photoForm(png(), { mask: new File([png()], 'mask') });
  const { id } = await (await client.post('/v1/concepts', form)).json<{ id: string }>();
  await doJob(client.accountId, id);
  return id;
}

async function readyGeneration(): Promise<string> {
  const concept = await readyConcept(client);
  const answer = await client.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept }] });
  const { id } = await answer.json<{ id: string }>();
  await doJob(client.accountId, id);
  return id;
}

/** A share of a new concept that may be downloaded, with its sample drawn. */
async function sharedConcept(): Promise<{ concept: string; share: string; token: string }> {
  const concept = await readyConceptWithMask();
  const answer = await client.post(`/v1/concepts/${concept}/shares`, { rights: 'export' });
  const { id: share, url } = await answer.json<{ id: string; url: string }>();
  await vi.waitUntil(async () => {
    await doQueued(new Set());
    return (await request(`${url}/sample`)).ok;
  });
  return { concept, share, token: url.slice(url.lastIndexOf('/') + 1) };
}

async function uploadedPhoto(): Promise<string> {
  const answer = await client.post('/v1/uploads', { content_type: 'image/png', size: png().length });
  const { id } = await answer.json<{ id: string }>();
  await env.BUCKET.put(clientUploadKey(client.accountId, id), png());
  return id;
}

async function someDelivery(): Promise<string> {
  const webhook = { url: EXAMPLE_WEBHOOK_URL };
  const answer = await client.post('/v1/concepts', { image: { data: png().toBase64() }, webhook });
  const { id } = await answer.json<{ id: string }>();
  await client.post(`/v1/concepts/${id}/cancel`);
  const deliveries = await client.get(`/v1/concepts/${id}/deliveries`);
  const { data } = await deliveries.json<{ data: [{ id: string }] }>();
  return data[0].id;
}

/** The same text with the examples' ids replaced by those of objects that exist. */
async function withRealIds(text: string): Promise<string> {
  const replacements: [example: string, real: string][] = [];
  const needs = (kind: IdKind) => text.includes(EXAMPLE_IDS[kind]);
  if (needs('share') || text.includes(EXAMPLE_SHARE_TOKEN)) {
    const { concept, share, token } = await sharedConcept();
    replacements.push(
      ['https://elite.example.com', ORIGIN],
      [EXAMPLE_SHARE_TOKEN, token],
      [EXAMPLE_IDS.share, share],
      [EXAMPLE_IDS.concept, concept],
    );
  } else if (needs('concept')) {
    replacements.push([EXAMPLE_IDS.concept, await readyConceptWithMask()]);
  }
  if (needs('generation')) {
    replacements.push([EXAMPLE_IDS.generation, await readyGeneration()]);
  }
  if (needs('upload')) {
    replacements.push([EXAMPLE_IDS.upload, await uploadedPhoto()]);
  }
  if (needs('delivery')) {
    replacements.push([EXAMPLE_IDS.delivery, await someDelivery()]);
  }
  if (needs('report')) {
    replacements.push([EXAMPLE_IDS.report, await reportOf(`${ORIGIN}/s/${(await sharedConcept()).token}`)]);
  }
  if (needs('key')) {
    const { id } = await (await client.post('/v1/keys', {})).json<{ id: string }>();
    replacements.push([EXAMPLE_IDS.key, id]);
  }
  return replacements.reduce((changed, [example, real]) => changed.replaceAll(example, real), text);
}

function exampleOf({ schema }: Parameter): string | undefined {
  const [example] = (schema as { examples?: unknown[] }).examples ?? [];
  return example === undefined ? undefined : String(example);
}

async function requestOf({ operation, mediaType, value }: Call): Promise<[path: string, init: RequestInit]> {
  const headers = new Headers();
  const url = new URL(operation.path.replaceAll(/[{}]/g, '_'), ORIGIN);
  for (const parameter of operation.parameters ?? []) {
    const example = exampleOf(parameter);
    if (parameter.in === 'path') {
      expect(example, `an example of ${parameter.name}`).toBeDefined();
      url.pathname = url.pathname.replace(`_${parameter.name}_`, example!);
    } else if (example !== undefined && parameter.in === 'query') {
      url.searchParams.set(parameter.name, example);
    } else if (example !== undefined) {
      headers.set(parameter.name, example);
    }
  }
  const path = await withRealIds(url.href);
  if (mediaType === 'multipart/form-data') {
    const form = new FormData();
    form.set('image', new File([png()], 'photo.png'));
    for (const [name, text] of Object.entries(value as Record<string, string>)) {
      form.set(name, text);
    }
    return [path, { method: operation.method, headers, body: form }];
  }
  if (operation.operationId === 'showShare') {
    headers.set('Accept', 'application/json');
  }
  if (mediaType) {
    headers.set('Content-Type', mediaType);
  }
  if (mediaType === CONCEPT_FILE_CONTENT_TYPE) {
    return [path, { method: operation.method, headers, body: testConceptFile() }];
  }
  const body = mediaType ? await withRealIds(JSON.stringify(value)) : undefined;
  return [path, { method: operation.method, headers, ...(body !== undefined && { body }) }];
}

function tokenFor({ security }: Operation): string | null {
  if (security.length === 0) {
    return null;
  }
  return security.some((requirement) => 'adminToken' in requirement) ? env.ADMIN_TOKEN : client.token;
}

/** Has a worker do whatever is queued and not done yet. */
async function doQueued(done: Set<string>): Promise<void> {
  for (const { job_id: id } of await queuedMessages(client.accountId)) {
    const view = done.has(id) ? null : await jobOf(env, id).view();
    done.add(id);
    if (view && view.state.endedAtMs === null) {
      await doJob(client.accountId, id);
    }
  }
}

/** Sends the call while a worker does whatever it queues, so that a held answer comes. */
async function send(call: Call): Promise<Response> {
  const [path, init] = await requestOf(call);
  const token = tokenFor(call.operation);
  const done = new Set<string>();
  let response: Response | undefined;
  const answer = (
    token === null ? request(path, init) : clientWith(token).send(call.operation.method, path, init)
  ).then((answered) => {
    response = answered;
  });
  while (!response) {
    await doQueued(done);
  }
  await answer;
  return response;
}

/** What is wrong with a value, by the document's own schema. */
function errorsOf(schema: Schema, value: unknown): string[] {
  const validator = new Validator({ ...schema, components: document.components } as Schema, '2020-12', false);
  return validator.validate(value).errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`);
}

describe('the OpenAPI document', () => {
  test('is served as it is', async () => {
    const response = await request('/openapi.json');
    expect(response.headers.get('Content-Type')).toContain('application/json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('names every operation once, in a tag that it describes', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toEqual([...new Set(ids)]);
    const tags = new Set(document.tags?.map(({ name }) => name));
    expect(operations.filter((operation) => operation.tags.some((tag) => !tags.has(tag)))).toEqual([]);
  });

  test('shows an example of every body', () => {
    const without = operations.flatMap(({ operationId, requestBody }) =>
      Object.entries(requestBody?.content ?? {})
        .filter(([, { examples }]) => !examples)
        .map(([mediaType]) => `${operationId} ${mediaType}`),
    );
    expect(without).toEqual([]);
  });

  test.each(Object.entries(document.components?.schemas ?? {}).filter(([, schema]) => 'examples' in schema))(
    'shows a %s that is one',
    (_, schema) => {
      expect((schema as { examples: unknown[] }).examples.map((value) => errorsOf(schema as Schema, value))).toEqual([
        [],
      ]);
    },
  );
});

describe.each(operations.map((operation) => [operation.operationId, operation] as const))('%s', (_, operation) => {
  const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);

  test('documents each error with an example of that error', () => {
    for (const [status, { content = {} }] of errors) {
      const examples = Object.entries(content['application/problem+json']?.examples ?? {});
      expect(examples.length).toBeGreaterThan(0);
      for (const [code, { value }] of examples) {
        expect(problemSchema.parse(value)).toMatchObject({ code, status: Number(status) });
        expect(ERROR_CODES[code as ErrorCode].status).toBe(Number(status));
      }
    }
  });
});

test('an error has the headers that are documented with it', async () => {
  const { responses } = operations.find(({ operationId }) => operationId === 'listConcepts')!;
  const response = await request('/v1/concepts');
  expect(response.status).toBe(401);
  const names = Object.keys(responses[401]!.headers);
  expect(names).toEqual(['X-Request-Id', 'WWW-Authenticate']);
  expect(names.filter((name) => !response.headers.has(name))).toEqual([]);
});

test.each(calls)('%s answers as documented', async (_, call) => {
  const response = await send(call);
  const contentType = response.headers.get('Content-Type')?.split(';')[0] ?? '';
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  const documented = call.operation.responses[response.status];
  expect(documented, `documentation of ${response.status}`).toBeDefined();
  const { content, headers } = documented!;
  expect(Object.keys(headers).filter((name) => !response.headers.has(name))).toEqual([]);
  if (content) {
    expect(Object.keys(content)).toContain(contentType);
  }
  if (contentType === 'application/json') {
    expect(errorsOf(content![contentType]!.schema, JSON.parse(text))).toEqual([]);
  } else if (!content) {
    expect(text).toBe('');
  }
});
