import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../context.ts';
import { SECURITY_SCHEMES } from '../routes/access.ts';
import { OBJECT_EXAMPLES } from './object-examples.ts';
import { REQUEST_EXAMPLES } from './request-examples.ts';
import { RESPONSE_HEADERS, responseHeaders } from './response-headers.ts';

export type OpenApiDocument = ReturnType<OpenAPIHono<EdgeContext>['getOpenAPI31Document']>;

const DESCRIPTION = `
One photo of a thing becomes a **concept** in a single forward pass; the concept then stands in any prompt as \`S*\`.

1. \`POST /v1/concepts\` with a photo, and wait until it is \`ready\`.
2. \`POST /v1/generations\` with a prompt that says \`S*\`, and wait until it has \`succeeded\`.
3. Get the images: their URLs are signed and need no token.

Objects are waited for by \`Prefer: wait=60\` on the request that creates them, by \`GET …?wait=60\`, by server-sent events, or
by a webhook. Every error is \`application/problem+json\` with a stable \`code\`. Every answer carries \`X-Request-Id\`.
`.trim();

/** The OpenAPI 3.1 document of the routes that the app has, with examples. */
export function openApiDocument(app: OpenAPIHono<EdgeContext>, origin: string): OpenApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'elite-edge',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: origin }],
    tags: [
      { name: 'Concepts', description: 'One image encoded once, used many times.' },
      { name: 'Generations', description: 'New pictures of a concept.' },
      { name: 'Shares', description: 'A concept shared by URL.' },
      { name: 'Webhooks', description: 'Being told when a job ends.' },
      { name: 'Accounts', description: 'Keys, client tokens and usage.' },
      { name: 'Reports', description: 'Abuse reported of shares; for the operator.' },
      { name: 'Service', description: 'What this service is and can do.' },
    ],
  });
  for (const operation of Object.values(document.paths ?? {}).flatMap((methods) => Object.values(methods))) {
    addRequestExamples(operation);
    addResponseHeaders(operation);
  }
  const schemas = document.components?.schemas ?? {};
  for (const [name, example] of Object.entries(OBJECT_EXAMPLES)) {
    schemas[name] = { ...schemas[name], examples: [example] };
  }
  const components = { schemas, headers: RESPONSE_HEADERS, securitySchemes: SECURITY_SCHEMES };
  return { ...document, components: { ...document.components, ...components } };
}

type Operation = {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { headers?: object }>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { examples?: unknown }>> };
};

function addRequestExamples({ operationId, requestBody }: Operation): void {
  for (const [mediaType, examples] of Object.entries(REQUEST_EXAMPLES[operationId] ?? {})) {
    const media = requestBody?.content[mediaType];
    if (!media) {
      throw new Error(`expected ${operationId} to take ${mediaType}, as its examples say; it does not`);
    }
    media.examples = examples;
  }
}

function addResponseHeaders({ responses }: Operation): void {
  const isLimited = '429' in responses;
  for (const [status, response] of Object.entries(responses)) {
    response.headers = { ...response.headers, ...responseHeaders(status, isLimited) };
  }
}
