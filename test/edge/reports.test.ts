import { env, runInDurableObject } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shareNameOf } from '../../edge/credentials/share-token.ts';
import { type AbuseReport, abuseReportSchema } from '../../shared/abuse-report.ts';
import { newId } from '../../shared/ids.ts';
import { announceModel, type Client, clientWith, expectProblem, newClient, readyConcept, request } from './client.ts';
import { newAttempt, queuedMessage } from './scripted-worker.ts';

const operator = clientWith(env.ADMIN_TOKEN);
const DAY_MS = 24 * 3_600_000;

let owner: Client;
let guest: Client;
let concept: string;
let shared: { id: string; url: string };

beforeAll(async () => {
  await announceModel();
  [owner, guest] = [await newClient(), await newClient()];
  concept = await readyConcept(owner);
});

beforeEach(async () => {
  shared = await newShare();
});

async function newShare(): Promise<{ id: string; url: string }> {
  return (await owner.post(`/v1/concepts/${concept}/shares`, { rights: 'export' })).json();
}

async function report(url: string, body: object = { reason: 'other' }): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await request(`${url}/reports`, { method: 'POST', body: JSON.stringify(body), headers });
  expect(response.status).toBe(202);
}

type List = { data: AbuseReport[]; has_more: boolean; next_cursor: string | null };

async function listed(query = ''): Promise<List> {
  return (await operator.get(`/v1/reports${query}`)).json();
}

/** The reports of a share, newest first. */
async function reportsOf({ id }: { id: string }): Promise<AbuseReport[]> {
  return (await listed('?limit=100')).data.filter(({ share }) => share === id);
}

async function decide(id: string, how: 'dismiss' | 'take-down'): Promise<AbuseReport> {
  const response = await operator.post(`/v1/reports/${id}/${how}`);
  expect(response.status).toBe(200);
  return abuseReportSchema.parse(await response.json());
}

function generateWith(url: string): Promise<Response> {
  return guest.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept: url }] });
}

/** Passes for the one object of all reports. */
async function atReports(nowMs: number): Promise<void> {
  await runInDurableObject(env.REPORTS.getByName('reports'), (reports) => {
    reports.now = () => nowMs;
  });
}

describe('a report', () => {
  test('reaches the operator as it was written, with what it is about', async () => {
    await report(shared.url, { reason: 'my_likeness', details: 'Löschen!', contact: 'sam@example.com' });
    const [kept] = await reportsOf(shared);
    expect(abuseReportSchema.parse(kept)).toMatchObject({
      status: 'open',
      reason: 'my_likeness',
      details: 'Löschen!',
      contact: 'sam@example.com',
      concept,
      account: owner.accountId,
      resolved_at: null,
    });
    expect(JSON.stringify(await listed())).not.toContain(shared.url.slice(-43));
  });

  test('is in pages, newest first, and by status', async () => {
    for (const reason of ['hate', 'violence', 'other']) {
      await report(shared.url, { reason });
    }
    const first = await listed('?limit=2');
    expect(first.data.map(({ reason }) => reason)).toEqual(['other', 'violence']);
    const second = await listed(`?limit=1&cursor=${first.next_cursor}`);
    expect(second.data.map(({ reason }) => reason)).toEqual(['hate']);

    const { id } = first.data[0]!;
    await decide(id, 'dismiss');
    expect((await listed('?status=dismissed')).data.map((dismissed) => dismissed.id)).toContain(id);
    expect((await listed('?status=open')).data.map((open) => open.id)).not.toContain(id);
  });

  test('is not kept when there are a hundred of the share already', async () => {
    await runInDurableObject(env.SHARE.getByName(await shareNameOf(shared.url.slice(-43))), (_, { storage }) => {
      storage.kv.put('reports', 99);
    });
    await report(shared.url);
    await report(shared.url);
    expect(await reportsOf(shared)).toHaveLength(1);
  });

  test('is forgotten half a year after it came once it is closed, and never before', async () => {
    await report(shared.url, { reason: 'hate' });
    await report(shared.url, { reason: 'violence' });
    const [open, closed] = await reportsOf(shared);
    await decide(closed!.id, 'dismiss');
    for (const [days, left] of [
      [179, [open!.id, closed!.id]],
      [181, [open!.id]],
    ] as const) {
      await atReports(Date.now() + days * DAY_MS);
      const other = await newShare();
      await report(other.url);
      expect((await reportsOf(shared)).map(({ id }) => id)).toEqual(left);
    }
    await atReports(Date.now());
  });
});

describe('dismissing a report', () => {
  test('closes it and leaves the share as it is; again changes nothing', async () => {
    await report(shared.url);
    const [{ id }] = (await reportsOf(shared)) as [AbuseReport];
    const dismissed = await decide(id, 'dismiss');
    expect(dismissed).toMatchObject({ status: 'dismissed', resolved_at: expect.any(String) });
    expect(await decide(id, 'dismiss')).toEqual(dismissed);
    expect((await request(shared.url)).status).toBe(200);
  });

  test('is not for a report that never was', async () => {
    await expectProblem(await operator.post(`/v1/reports/${newId('report', 1)}/dismiss`), 'not_found');
    await expectProblem(await operator.post(`/v1/reports/${newId('report', 1)}/take-down`), 'not_found');
  });
});

describe('taking a share down', () => {
  async function takeDown(): Promise<AbuseReport> {
    await report(shared.url);
    const [{ id }] = (await reportsOf(shared)) as [AbuseReport];
    return decide(id, 'take-down');
  }

  test('ends it everywhere at once, with a code of its own', async () => {
    expect(await takeDown()).toMatchObject({ status: 'taken_down', resolved_at: expect.any(String) });
    await expectProblem(await request(shared.url, { headers: { Accept: 'application/json' } }), 'taken_down');
    for (const path of ['/sample', '/embedding']) {
      await expectProblem(await request(`${shared.url}${path}`), 'taken_down');
    }
    await expectProblem(await guest.post('/v1/concepts/import', { share_url: shared.url }), 'taken_down');
    await expectProblem(await generateWith(shared.url), 'validation_failed', ['#/concepts/0/concept']);
    const page = await request(shared.url);
    expect(page.status).toBe(410);
    expect(await page.text()).toContain('This share was taken down');
    await expectProblem(await owner.get(`/v1/concepts/${concept}/shares/${shared.id}`), 'not_found');
  });

  test('ends what waits in the queue for it', async () => {
    const { id } = await (await generateWith(shared.url)).json<{ id: string }>();
    const attempt = newAttempt(await queuedMessage(guest.accountId, id));
    await takeDown();
    expect(await attempt.report({ type: 'started' })).toEqual({ action: 'stop', reason: 'ended' });
    expect(await (await guest.get(`/v1/generations/${id}`)).json()).toMatchObject({
      status: 'failed',
      error: { code: 'taken_down', retryable: false },
    });
  });

  test('closes all reports of it and of no other share, and can be done again', async () => {
    const other = await newShare();
    await report(other.url);
    await report(shared.url);
    const down = await takeDown();
    expect((await reportsOf(shared)).map(({ status }) => status)).toEqual(['taken_down', 'taken_down']);
    expect(await reportsOf(other)).toMatchObject([{ status: 'open' }]);
    expect(await decide(down.id, 'take-down')).toEqual(down);
    expect((await request(other.url)).status).toBe(200);
  });

  test('has the last word over a dismissal and over its owner', async () => {
    await report(shared.url);
    const [{ id }] = (await reportsOf(shared)) as [AbuseReport];
    await decide(id, 'dismiss');
    await owner.send('DELETE', `/v1/concepts/${concept}/shares/${shared.id}`);
    expect(await decide(id, 'take-down')).toMatchObject({ status: 'taken_down' });
    await expectProblem(await request(shared.url, { headers: { Accept: 'application/json' } }), 'taken_down');
  });
});
