import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { type Client, clientWith, readyConcept, request } from './client.ts';
import { doJob } from './scripted-worker.ts';
import { newReceiver } from './webhooks/receiver.ts';

/** What stands for the parameters of a path, by the part of the path that it is in. */
export type PathObjects = Readonly<Record<string, string>>;

/** An object of every kind that a path can name, all of one account and all there to stay. */
export async function oneOfEach(owner: Client): Promise<PathObjects> {
  const concept = await readyConcept(owner);
  const { url: receiver } = await newReceiver();
  const body = { prompt: 'a S*', concepts: [{ concept }] };
  const create = async (path: string, of: object) => (await owner.post(path, of)).json<{ id: string; url: string }>();
  const generation = await create('/v1/generations', { ...body, webhook: { url: receiver } });
  await doJob(owner.accountId, generation.id);
  const deliveries = await owner.get(`/v1/generations/${generation.id}/deliveries`);
  const { data } = await deliveries.json<{ data: [{ id: string }] }>();
  const key = await create('/v1/keys', {});
  const share = await create(`/v1/concepts/${concept}/shares`, { rights: 'export' });
  const report = await reportOf((await create(`/v1/concepts/${concept}/shares`, {})).url);
  const job = await create('/v1/generations', body);
  return {
    '/v1/concepts/{id}': concept,
    '/v1/generations/{id}': generation.id,
    '/v1/keys/{id}': key.id,
    '/v1/deliveries/{id}': data[0].id,
    '/v1/reports/{id}': report,
    '/internal/jobs/{id}': job.id,
    '/s/{token}': share.url.slice(share.url.lastIndexOf('/') + 1),
    '{share}': share.id,
    '{n}': '0',
  };
}

/** The id of a new report of abuse. */
export async function reportOf(shareUrl: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  await request(`${shareUrl}/reports`, { method: 'POST', headers, body: JSON.stringify({ reason: 'other' }) });
  const reports = await clientWith(env.ADMIN_TOKEN).get('/v1/reports?limit=1');
  return (await reports.json<{ data: [{ id: string }] }>()).data[0].id;
}

/** A path with its parameters filled, each as it is or as `change` makes it; fails for one that no object fills. */
export function pathWith(objects: PathObjects, path: string, change = (value: string) => value): string {
  const filled = Object.entries(objects).reduce(
    (text, [part, value]) => text.replace(part, () => part.replace(/\{\w+\}/, () => change(value))),
    path,
  );
  expect(path.match(/\{\w+\}/g)?.length ?? 0, 'parameters that `oneOfEach` fills').toBe(
    Object.keys(objects).filter((part) => path.includes(part)).length,
  );
  return filled;
}
