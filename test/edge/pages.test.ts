import { beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../shared/error-codes.ts';
import { announceModel, type Client, newClient, photoForm, request } from './client.ts';
import { png } from './pictures.ts';
import { doJob } from './scripted-worker.ts';

let client: Client;

beforeAll(async () => {
  client = await newClient();
});

async function html(path: string): Promise<string> {
  const response = await request(path, { headers: { Accept: 'text/html' } });
  expect(response.headers.get('Content-Type')).toMatch(/^text\/html/);
  return response.text();
}

/** The page of a share of a concept with this name. */
async function sharePath(name: string): Promise<string> {
  const { id } = await (await client.post('/v1/concepts', photoForm(png(), { name }))).json<{ id: string }>();
  await doJob(client.accountId, id);
  const { url } = await (await client.post(`/v1/concepts/${id}/shares`, {})).json<{ url: string }>();
  return new URL(url).pathname;
}

describe('the pages', () => {
  test('work before a worker has announced its model', async () => {
    expect(await html('/')).toContain('No worker has announced a model yet.');
  });

  test('pass on what the model can do and its licence forbids', async () => {
    await announceModel();
    const page = await html('/');
    expect(page).toMatch(/<input id="steps" type="number" inputmode="decimal" min="1" max="200" [^>]*value="100">/);
    expect(page).toContain('<option selected>lms</option>');
    expect(page).toContain('Apache-2.0');
  });

  test.each(['/', '/docs/errors'])('%s allows nothing inline and no frame around it', async (path) => {
    const policy = (await request(path)).headers.get('Content-Security-Policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(await html(path)).not.toMatch(/<style|style="|<script(?![^>]* src="\/assets\/)|\son\w+="/);
  });

  test('/docs takes scripts from us alone', async () => {
    const policy = (await request('/docs')).headers.get('Content-Security-Policy');
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self' https://edge.test;");
  });

  test('/docs/errors explains what the type of every problem leads to', async () => {
    const page = await html('/docs/errors');
    expect(Object.keys(ERROR_CODES).filter((code) => !page.includes(`id="${code}"`))).toEqual([]);
  });
});

describe('the page of a share', () => {
  test('shows a name as text, whatever it is, under the same policy', async () => {
    const path = await sharePath('<script>alert("Rex")</script>');
    const response = await request(path, { headers: { Accept: 'text/html' } });
    expect(response.headers.get('Content-Security-Policy')).not.toContain('unsafe');
    expect(response.headers.get('Referrer-Policy')).toBe('no-referrer');
    const page = await response.text();
    expect(page).not.toContain('<script>');
    expect(page).toContain('<meta property="og:title" content="&lt;script&gt;alert(&quot;Rex&quot;)&lt;/script&gt;">');
  });

  test('has a plain card until a sample is drawn, never the photo, and leads to the playground', async () => {
    const path = await sharePath('Rex');
    const page = await html(path);
    expect(page).toContain('<meta property="og:title" content="Rex">');
    expect(page).toContain('<meta name="twitter:card" content="summary">');
    expect(page).not.toContain('og:image');
    expect(page).not.toContain('/v1/concepts/');
    expect(page).toContain(`href="https://edge.test/#share=${path.slice('/s/'.length)}"`);
    expect(page).toContain(`<form id="report" class="fields" action="https://edge.test${path}/reports" method="post">`);
  });
});
