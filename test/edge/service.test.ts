import { env } from 'cloudflare:workers';
import { describe, expect, test, vi } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { type EdgeEnv, settingsOf } from '../../edge/env.ts';
import { testModel } from '../shared/test-model.ts';
import { announceModel, expectProblem, newClient, photoForm, request } from './client.ts';
import { png } from './pictures.ts';

describe('without a worker', () => {
  test('there is no model, and nothing can be made', async () => {
    expect(await (await request('/v1/models')).json()).toEqual({ object: 'list', data: [] });
    const client = await newClient();
    const response = await client.post('/v1/concepts', photoForm(png()));
    expect(response.headers.get('Retry-After')).toBe('10');
    await expectProblem(response, 'model_unavailable');
  });

  test('the model is listed once announced, its licence with it', async () => {
    await announceModel();
    expect(await (await request('/v1/models')).json()).toEqual({ object: 'list', data: [testModel] });
  });
});

describe('the service', () => {
  test('says that it is well', async () => {
    expect(await (await request('/healthz')).json()).toEqual({ status: 'ok' });
  });

  test('answers every path it does not have with a problem', async () => {
    await expectProblem(await request('/v1/nothing'), 'not_found');
    await expectProblem(await request('/v1/concepts', { method: 'PUT' }), 'not_found');
  });

  test('gives each answer an id, the caller’s own if it has one', async () => {
    expect((await request('/healthz')).headers.get('X-Request-Id')).toMatch(/^[\w-]{36}$/);
    const named = await request('/healthz', { headers: { 'X-Request-Id': 'my-request-1' } });
    expect(named.headers.get('X-Request-Id')).toBe('my-request-1');
  });

  test('lets a browser anywhere call it', async () => {
    const headers = {
      Origin: 'https://app.test',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    };
    const preflight = await request('/v1/concepts', { method: 'OPTIONS', headers });
    expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toBe('authorization');
  });

  test('names every setting that is missing or wrong', () => {
    const broken: EdgeEnv = { ...env, SQS_QUEUE_URL: 'queue', ADMIN_TOKEN: 'short', ENVIRONMENT: 'production' };
    expect(() => settingsOf(broken)).toThrow(/SQS_QUEUE_URL: .*ADMIN_TOKEN: must have at least 32 characters/);
    expect(() => settingsOf({ ...env, ENVIRONMENT: 'production' })).toThrow(
      'BOOTSTRAP_API_KEY: is for ENVIRONMENT=local only',
    );
  });

  test('logs a line a request that tells the route, and none of its secrets', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const client = await newClient();
    const watched = new Request('https://edge.test/v1/usage?period=2026-01', {
      headers: { Authorization: `Bearer ${client.token}` },
    });
    await createApp().fetch(watched, { ...env, LOG_REQUESTS: 'true' });
    const line = String(log.mock.lastCall?.[0]);
    log.mockRestore();
    expect(JSON.parse(line)).toMatchObject({
      message: 'request',
      method: 'GET',
      route: '/v1/usage',
      status: 200,
      account: client.accountId,
    });
    expect(line).not.toContain(client.token);
    expect(line).not.toContain('2026-01');
  });
});
