import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import { newAttemptId, newId } from '../../shared/ids.ts';
import { embeddingKey, photoKey, uploadedPhotoKey } from '../../shared/object-keys.ts';
import type { EncodeMessage } from '../../shared/queue-message.ts';
import type { WorkerEvent } from '../../shared/worker-event.ts';
import { queuedMessage, queuedMessages } from './scripted-worker.ts';

const startWithinMs = 60_000;
const runWithinMs = 120_000;

/** A job of an account nobody opened: it is heard of by its own object only. */
async function acceptedJob({ queueIsDown = false } = {}) {
  const acceptedAtMs = Date.now();
  const message: EncodeMessage = {
    version: 1,
    kind: 'encode',
    job_id: newId('concept', acceptedAtMs),
    account_id: newId('account', acceptedAtMs),
    model: 'm',
    deadline: new Date(acceptedAtMs + startWithinMs + runWithinMs).toISOString(),
    traceparent: null,
    input: { photo_key: 'k', mask_key: null, mask_source: 'none' },
  };
  message.input.photo_key = uploadedPhotoKey(message.account_id, message.job_id);
  const stub = env.JOB.getByName(message.job_id);
  await runInDurableObject(stub, (instance) => {
    instance.now = () => acceptedAtMs;
    const send = instance.sendToQueue;
    instance.sendToQueue = (sent) => (queueIsDown ? Promise.reject(new Error('the queue is down')) : send(sent));
  });
  const job = jobOf(env, message.job_id);
  await job.accept(message, { startWithinMs, shares: [], webhook: null });

  async function at(offsetMs: number): Promise<void> {
    await runInDurableObject(stub, (instance) => {
      instance.now = () => acceptedAtMs + offsetMs;
    });
    await runDurableObjectAlarm(stub);
  }
  function restoreQueue(): void {
    queueIsDown = false;
  }
  return { message, job, at, restoreQueue };
}

function event(
  attempt: string,
  seq: number,
  event: { type: 'started' } | { type: 'progress'; step: number; steps: number },
): WorkerEvent {
  return { version: 1, attempt, seq, at: new Date().toISOString(), ...event };
}

function success(message: EncodeMessage, attempt: string, seq: number): WorkerEvent {
  const { account_id: account, job_id: job } = message;
  return {
    version: 1,
    attempt,
    seq,
    at: new Date().toISOString(),
    type: 'succeeded',
    result: {
      version: 1,
      kind: 'encode',
      attempt,
      model: 'm',
      job_id: job,
      completed_at: new Date().toISOString(),
      embedding_key: embeddingKey(account, job, attempt),
      photo_key: photoKey(account, job, attempt),
      mask_key: null,
      timings: { encode_ms: 1 },
    },
  };
}

describe('a job owed to the queue', () => {
  test('is sent once when the queue takes it, also when accepted twice', async () => {
    const { message, job, at } = await acceptedJob();
    await job.accept(message, { startWithinMs, shares: [], webhook: null });
    await queuedMessage(message.account_id, message.job_id);
    await at(30_000);
    expect(await queuedMessages(message.account_id)).toEqual([message]);
  });

  test('is sent again by the alarm until the queue takes it', async () => {
    const { message, at, restoreQueue } = await acceptedJob({ queueIsDown: true });
    await at(20_000);
    expect(await queuedMessages(message.account_id)).toEqual([]);
    restoreQueue();
    await at(25_000);
    expect(await queuedMessages(message.account_id)).toEqual([message]);
  });
});

describe('a job that hears nothing', () => {
  test('ends when nobody has started it within its start limit', async () => {
    const { job, at } = await acceptedJob();
    await at(startWithinMs - 1);
    expect((await job.view())?.state.status).toBe('queued');
    await at(startWithinMs);
    expect((await job.view())?.state).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
  });

  test('ends at its deadline once started, and tells a late worker so', async () => {
    const { message, job, at } = await acceptedJob();
    const attempt = newAttemptId(Date.now());
    await job.report(event(attempt, 0, { type: 'started' }));
    await at(startWithinMs + 1);
    expect((await job.view())?.state.status).toBe('running');
    await at(startWithinMs + runWithinMs);
    expect((await job.view())?.state).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
    expect(await job.report(success(message, attempt, 1))).toEqual({ action: 'stop', reason: 'ended' });
    expect((await job.view())?.state.status).toBe('failed');
  });
});

describe('attempts at one job', () => {
  test('a repeated event changes nothing', async () => {
    const { job } = await acceptedJob();
    const attempt = newAttemptId(Date.now());
    await job.report(event(attempt, 0, { type: 'started' }));
    await job.report(event(attempt, 1, { type: 'progress', step: 5, steps: 9 }));
    const before = await job.eventsAfter(0, 0);
    expect(await job.report(event(attempt, 1, { type: 'progress', step: 5, steps: 9 }))).toEqual({
      action: 'continue',
    });
    expect(await job.report(event(attempt, 0, { type: 'started' }))).toEqual({ action: 'continue' });
    expect(await job.eventsAfter(0, 0)).toEqual(before);
    expect(before.map(({ id, type }) => [id, type])).toEqual([
      [1, 'queued'],
      [2, 'running'],
      [3, 'progress'],
    ]);
  });

  test('the one heard first most recently has the job, the others stop', async () => {
    const { job } = await acceptedJob();
    const [older, newer] = [newAttemptId(1), newAttemptId(2)];
    await job.report(event(newer, 0, { type: 'started' }));
    expect(await job.report(event(older, 0, { type: 'started' }))).toEqual({ action: 'continue' });
    expect(await job.report(event(newer, 1, { type: 'progress', step: 1, steps: 2 }))).toEqual({
      action: 'stop',
      reason: 'superseded',
    });
  });

  test('a superseded one that finished first still counts, once', async () => {
    const { message, job } = await acceptedJob();
    const [first, second] = [newAttemptId(1), newAttemptId(2)];
    await job.report(event(first, 0, { type: 'started' }));
    await job.report(event(second, 0, { type: 'started' }));
    expect(await job.report(success(message, first, 1))).toEqual({ action: 'stop', reason: 'ended' });
    expect(await job.report(success(message, second, 1))).toEqual({ action: 'stop', reason: 'ended' });
    const view = await job.view();
    expect(view?.state).toMatchObject({ status: 'succeeded', result: { attempt: first } });
  });

  test('a deleted job tells whoever works on it to stop', async () => {
    const { job } = await acceptedJob();
    await job.delete();
    expect(await job.view()).toBeNull();
    expect(await job.report(event(newAttemptId(1), 0, { type: 'started' }))).toEqual({
      action: 'stop',
      reason: 'ended',
    });
  });
});
