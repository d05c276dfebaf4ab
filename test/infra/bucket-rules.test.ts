import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { newId } from '../../shared/ids.ts';
import * as keys from '../../shared/object-keys.ts';
import { UPLOAD_RETAIN_SECONDS } from '../../shared/retention.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Rule = {
  readonly conditions: { readonly prefix?: string };
  readonly enabled: boolean;
  readonly deleteObjectsTransition?: { readonly condition: { readonly type: string; readonly maxAge: number } };
};

type ApiCall = { readonly call: string; readonly body: { readonly rules: readonly Rule[] } };

/** What a command of the operators' page has wrangler ask of Cloudflare: the API stands on loopback here. */
async function callsOf(command: string): Promise<ApiCall[]> {
  const page = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const line = page.split('\n').find((text) => text.startsWith(`npx wrangler r2 bucket ${command} `));
  expect(line, `a line of docs/operating.md with ${command}`).toBeDefined();
  const calls: ApiCall[] = [];
  const api = createServer(async (request, response) => {
    calls.push({ call: `${request.method} ${request.url}`, body: (await json(request)) as ApiCall['body'] });
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ success: true, errors: [], messages: [], result: {} }));
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  try {
    const { port } = api.address() as { port: number };
    const [program, ...args] = (line ?? '').split(' ');
    await promisify(execFile)(program ?? '', args, {
      cwd: new URL('../..', import.meta.url),
      env: {
        ...process.env,
        CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
        CLOUDFLARE_API_TOKEN: 'token',
        CLOUDFLARE_ACCOUNT_ID: 'account',
        WRANGLER_SEND_METRICS: 'false',
      },
    });
  } finally {
    api.closeAllConnections();
    api.close();
  }
  return calls;
}

test('wrangler takes the CORS rules as printed: a page of any origin may PUT what the API announces', async () => {
  expect(await callsOf('cors set')).toEqual([
    {
      call: 'PUT /accounts/account/r2/buckets/elite/cors',
      body: {
        rules: [
          {
            id: 'uploads',
            allowed: { origins: ['*'], methods: ['PUT'], headers: ['content-type'] },
            maxAgeSeconds: 3600,
          },
        ],
      },
    },
  ]);
});

describe('the lifecycle rules, as wrangler sends them', () => {
  const account = newId('account', 0);
  const concept = newId('concept', 0);
  const generation = newId('generation', 0);
  let rules: readonly Rule[];

  beforeAll(async () => {
    const [call, ...others] = await callsOf('lifecycle set');
    expect(others).toEqual([]);
    expect(call?.call).toBe('PUT /accounts/account/r2/buckets/elite/lifecycle');
    rules = call?.body.rules ?? [];
  });

  const deleting = (key: string) =>
    rules.filter(
      ({ enabled, conditions, deleteObjectsTransition }) =>
        enabled && deleteObjectsTransition && key.startsWith(conditions.prefix ?? ''),
    );

  test.each([
    ['a client’s upload', keys.clientUploadKey(account, newId('upload', 0))],
    ['the photo sent with a concept', keys.uploadedPhotoKey(account, concept)],
    ['its mask', keys.uploadedMaskKey(account, concept)],
  ])('delete %s after the time the code names', (_what, key) => {
    expect(deleting(key).map((rule) => rule.deleteObjectsTransition?.condition)).toEqual([
      { type: 'Age', maxAge: UPLOAD_RETAIN_SECONDS },
    ]);
  });

  test.each([
    ['the model in service', keys.CURRENT_MODEL_KEY],
    ['a photo', keys.photoKey(account, concept, 'attempt')],
    ['a mask', keys.maskKey(account, concept, 'attempt')],
    ['an embedding', keys.embeddingKey(account, concept, 'attempt')],
    ['an image', keys.imageKey(account, generation, 'attempt', { index: 0, format: 'png' })],
    ['a result', keys.resultKey(account, generation)],
  ])('never delete %s: accounts keep and delete it themselves', (_what, key) => {
    expect(deleting(key)).toEqual([]);
  });
});
