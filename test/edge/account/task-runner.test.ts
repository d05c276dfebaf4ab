import { env, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { createTaskRunner, type TaskRunner } from '../../../edge/durable-objects/account/task-runner.ts';
import type { Task } from '../../../edge/durable-objects/account/task-table.ts';
import { newId } from '../../../shared/ids.ts';

const TASK: Task = { kind: 'delete_prefix', prefix: 'x/' };

/** Ahead of the clock, so that no alarm of these tests rings by itself. */
const NOW_MS = Date.now() + 3_600_000;
const LEASE_MS = 60_000;

type Runner = (run: (task: Task) => Promise<void>, nowMs?: number) => TaskRunner;

/** Runs in an object of its own; `runner` is what the object makes anew whenever it comes to life. */
async function inObject(work: (runner: Runner, storage: DurableObjectStorage) => Promise<void>): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(newId('account', Date.now())), async (_, { storage }) => {
    const runner: Runner = (run, nowMs = NOW_MS) =>
      createTaskRunner(storage, { run, rest: () => storage.deleteAlarm(), now: () => nowMs });
    runner(async () => {}).create();
    await work(runner, storage);
  });
}

test('the alarm is set before a task is tried, should the object die during it, and cleared when it is done', async () => {
  await inObject(async (runner, storage) => {
    const alarms: (number | null)[] = [];
    const tasks = runner(async () => {
      alarms.push(await storage.getAlarm());
    });
    await tasks.tryNow(tasks.promise(TASK), TASK);
    tasks.promise(TASK);
    await tasks.runDue();
    expect(alarms).toEqual([NOW_MS + LEASE_MS, NOW_MS + LEASE_MS]);
    expect(await storage.getAlarm()).toBeNull();
  });
});

test('a task under way when its object died is tried again once its lease is over, not before', async () => {
  await inObject(async (runner) => {
    const dead = runner(() => new Promise(() => {}));
    dead.promise(TASK);
    void dead.runDue();
    const tried: number[] = [];
    for (const nowMs of [NOW_MS, NOW_MS + LEASE_MS - 1, NOW_MS + LEASE_MS]) {
      await runner(async () => {
        tried.push(nowMs);
      }, nowMs).runDue();
    }
    expect(tried).toEqual([NOW_MS + LEASE_MS]);
  });
});

test('a task that takes longer than its lease is not tried beside itself', async () => {
  await inObject(async (_, storage) => {
    let nowMs = NOW_MS;
    let attempts = 0;
    const finished = Promise.withResolvers<void>();
    const run = async () => {
      attempts += 1;
      await finished.promise;
    };
    const tasks = createTaskRunner(storage, { run, rest: () => storage.deleteAlarm(), now: () => nowMs });
    tasks.promise(TASK);
    const first = tasks.runDue();
    nowMs += LEASE_MS;
    await tasks.runDue();
    expect(await storage.getAlarm()).toBe(NOW_MS + 2 * LEASE_MS);
    finished.resolve();
    await first;
    expect(attempts).toBe(1);
  });
});
