import { expect, test } from 'vitest';
import { createProgressTeller } from '../../gpu-worker/worker/progress-teller.ts';
import type { StopReason } from '../../gpu-worker/worker/stopped.ts';
import type { WorkerEventAnswer } from '../../shared/worker-event.ts';
import { createFakeClock } from './fake-clock.ts';

function setUp(answer: () => Promise<WorkerEventAnswer> = async () => ({ action: 'continue' })) {
  const clock = createFakeClock();
  const told: number[] = [];
  const stops: StopReason[] = [];
  const teller = createProgressTeller({
    tell: (step) => {
      told.push(step);
      return answer();
    },
    onStop: (reason) => stops.push(reason),
    clock,
  });
  return { clock, told, stops, teller };
}

test('tells the first step at once, and of those that pass too fast the latest', async () => {
  const { clock, told, teller } = setUp();
  for (let step = 1; step <= 100; step++) {
    teller.update(step, 100);
  }
  await clock.advance(0);
  expect(told).toEqual([1]);
  await clock.advance(1000);
  expect(told).toEqual([1, 100]);
});

test('has one tale under way at a time', async () => {
  const { clock, told, teller } = setUp(() => new Promise(() => {}));
  teller.update(1, 3);
  teller.update(2, 3);
  await clock.advance(10_000);
  expect(told).toEqual([1]);
});

test('goes on telling after one that failed', async () => {
  let fails = true;
  const { clock, told, teller } = setUp(async () => {
    if (fails) {
      throw new Error('the edge is down');
    }
    return { action: 'continue' };
  });
  teller.update(1, 3);
  await clock.advance(1000);
  fails = false;
  teller.update(2, 3);
  await clock.advance(1000);
  expect(told).toEqual([1, 2]);
});

test('passes on that the job is not wanted any more', async () => {
  const { clock, stops, teller } = setUp(async () => ({ action: 'stop', reason: 'superseded' }));
  teller.update(1, 3);
  await clock.advance(0);
  expect(stops).toEqual(['superseded']);
});

test('tells nothing once closed', async () => {
  const { clock, told, teller } = setUp();
  teller.update(1, 3);
  teller.update(2, 3);
  await teller.close();
  await clock.advance(10_000);
  expect(told).toEqual([1]);
});
