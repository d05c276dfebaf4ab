import { beforeAll, describe, expect, test } from 'vitest';
import { newAttemptId } from '../../shared/ids.ts';
import { workerEventsPath } from '../../shared/worker-event.ts';
import { announceModel, expectProblem, newClient, photoForm, request } from './client.ts';
import { png } from './pictures.ts';
import { postEvent } from './scripted-worker.ts';

const started = { version: 1, attempt: newAttemptId(1), seq: 0, at: new Date().toISOString(), type: 'started' };
let jobId: string;

beforeAll(async () => {
  await announceModel();
  const client = await newClient();
  jobId = (await (await client.post('/v1/concepts', photoForm(png()))).json<{ id: string }>()).id;
});

describe('a worker’s event', () => {
  test('is refused unsigned, and signed with another secret', async () => {
    const unsigned = await request(workerEventsPath(jobId), { method: 'POST', body: JSON.stringify(started) });
    await expectProblem(unsigned, 'signature_invalid');
    await expectProblem(await postEvent(jobId, started, 'another secret of the same length'), 'signature_invalid');
  });

  test.each([
    ['another version', { ...started, version: 2 }],
    ['an unknown type', { ...started, type: 'paused' }],
    ['no attempt', { ...started, attempt: 'first' }],
    ['a negative seq', { ...started, seq: -1 }],
  ])('is refused with %s', async (_, event) => {
    await expectProblem(await postEvent(jobId, event), 'validation_failed');
  });

  test('about a job that is not there says to stop', async () => {
    const answer = await postEvent('gen_01ARZ3NDEKTSV4RRFFQ69G5FAV', started);
    expect(await answer.json()).toEqual({ action: 'stop', reason: 'ended' });
  });
});
