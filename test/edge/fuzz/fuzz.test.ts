import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, expect, inject, test } from 'vitest';
import { problemSchema } from '../../../shared/problem.ts';
import { signRequest } from '../../../shared/signatures.ts';
import { announceModel, type Client, clientWith, newClient, ORIGIN } from '../client.ts';
import { oneOfEach, type PathObjects } from '../one-of-each.ts';
import { allows, appRoutes, declaredOperations, nameOf, type Route } from '../operations.ts';
import { type FuzzedRequest, requestFor } from './fuzzed-request.ts';

/** No input ends in a 500, on any route of the app. What is no HTTP at all is test/http's. */

declare module 'vitest' {
  interface ProvidedContext {
    fuzzCases: number;
  }
}

let client: Client;
let objects: PathObjects;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  objects = await oneOfEach(client);
});

const routes = appRoutes();
const forAdmin = new Set(
  declaredOperations()
    .filter((operation) => allows(operation, 'adminToken'))
    .map(nameOf),
);
const casesEach = Math.ceil(inject('fuzzCases') / routes.length);

/** With what gets the request past the door: behind it is where things can fail. */
async function credentials({ method, path }: Route, request: FuzzedRequest): Promise<[string, string][]> {
  if (!path.startsWith('/internal/') || typeof request.body !== 'string') {
    return [];
  }
  const signed = { method, path: new URL(request.path, ORIGIN).pathname, body: request.body };
  return Object.entries(await signRequest(signed, env.WORKER_SIGNING_SECRET, Date.now()));
}

async function expectSound(response: Response): Promise<void> {
  expect(response.status).toBeLessThan(500);
  const isPage = response.headers.get('Content-Type')?.startsWith('text/html'); // what a browser is shown at a share's URL
  if (response.status >= 400 && !isPage) {
    expect(problemSchema.parse(await response.json()).status).toBe(response.status);
  } else {
    await response.arrayBuffer();
  }
}

test.each(routes.map((route) => [nameOf(route), route] as const))('%s never fails on our side', async (name, route) => {
  let caller = forAdmin.has(name) ? clientWith(env.ADMIN_TOKEN) : client;
  let own = objects;
  if (route.method === 'DELETE') {
    caller = await newClient(); // the objects that the other requests are about stay
    own = await oneOfEach(caller);
  }
  await fc.assert(
    fc.asyncProperty(
      requestFor(route, () => own),
      async (request) => {
        const { path, body } = request;
        const headers = [...request.headers, ...(await credentials(route, request))];
        await expectSound(await caller.send(route.method, path, { headers, ...(body !== undefined && { body }) }));
      },
    ),
    { numRuns: casesEach },
  );
});
