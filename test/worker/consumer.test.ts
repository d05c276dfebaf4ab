import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { consume, type MessageHandler } from '../../gpu-worker/worker/consumer.ts';
import type { Disposition } from '../../gpu-worker/worker/disposition.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeQueue } from './fake-queue.ts';

const VISIBILITY_SECONDS = 30;
const DRAIN_MS = 20_000;

function start(handle?: MessageHandler, concurrency = 1) {
  const clock = createFakeClock();
  const fake = createFakeQueue();
  const stop = new AbortController();
  const handled: { body: string; signal: AbortSignal; finish: (disposition: Disposition) => void }[] = [];
  const state = { drained: false };
  const held: MessageHandler = ({ body }, signal) =>
    new Promise((finish) => {
      handled.push({ body, signal, finish });
    });
  const consumed = consume(fake.queue, handle ?? held, {
    concurrency,
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    drainTimeoutMs: DRAIN_MS,
    clock,
    log: pino({ enabled: false }),
    stop: stop.signal,
  }).then(() => {
    state.drained = true;
  });
  return { ...fake, clock, stop, handled, state, consumed };
}

describe('the consumer', () => {
  test.each<[Disposition, string[]]>([
    [{ action: 'delete' }, ['delete a']],
    [{ action: 'retry', delaySeconds: 8 }, ['hide a 8']],
    [{ action: 'leave' }, []],
  ])('settles a message as its handler says: %j', async (disposition, settled) => {
    const consumer = start(async () => disposition);
    await consumer.clock.advance(0);
    consumer.deliver('a');
    await consumer.clock.advance(0);
    expect(consumer.settled).toEqual(settled);
  });

  test('keeps a message hidden for as long as its handler runs', async () => {
    const consumer = start();
    await consumer.clock.advance(0);
    consumer.deliver('a');
    await consumer.clock.advance(2 * VISIBILITY_SECONDS * 1000);
    expect(consumer.settled).toEqual(Array(6).fill(`hide a ${VISIBILITY_SECONDS}`));
  });

  test('gives a message whose handler threw to a later attempt', async () => {
    const consumer = start(async () => {
      throw new Error('unforeseen');
    });
    await consumer.clock.advance(0);
    consumer.deliver('a');
    await consumer.clock.advance(0);
    expect(consumer.settled).toEqual(['hide a 2']);
  });

  test('holds no more messages at once than it may', async () => {
    const consumer = start(undefined, 2);
    await consumer.clock.advance(0);
    expect(consumer.polls).toHaveLength(2);
    consumer.deliver('a');
    consumer.deliver('b');
    await consumer.clock.advance(0);
    expect(consumer.handled.map(({ body }) => body)).toEqual(['a', 'b']);
    expect(consumer.polls).toHaveLength(0);

    consumer.handled[1]?.finish({ action: 'delete' });
    await consumer.clock.advance(0);
    expect(consumer.polls).toHaveLength(1);
  });

  test('polls again after the queue could not be read', async () => {
    const consumer = start();
    let failures = 0;
    const { receive } = consumer.queue;
    consumer.queue.receive = async (maxMessages) => {
      if (failures++ < 3) {
        throw new Error('the queue is down');
      }
      return receive(maxMessages);
    };
    await consumer.clock.advance(0);
    consumer.deliver(); // the poll that was open already comes back empty
    await consumer.clock.advance(10_000);
    consumer.deliver('a');
    await consumer.clock.advance(0);
    expect(consumer.handled.map(({ body }) => body)).toEqual(['a']);
  });
});

describe('a stopping consumer', () => {
  test('lets a running job come to its end, then resolves', async () => {
    const consumer = start();
    await consumer.clock.advance(0);
    consumer.deliver('a');
    await consumer.clock.advance(0);
    consumer.stop.abort();
    await consumer.clock.advance(DRAIN_MS / 2);
    expect(consumer.state.drained).toBe(false);
    expect(consumer.handled[0]?.signal.aborted).toBe(false);

    consumer.handled[0]?.finish({ action: 'delete' });
    await consumer.consumed;
    expect(consumer.settled.at(-1)).toBe('delete a');
    expect(consumer.polls).toHaveLength(0);
  });

  test('stops jobs that outlast the drain, and resolves when they have', async () => {
    const consumer = start();
    await consumer.clock.advance(0);
    consumer.deliver('a');
    await consumer.clock.advance(0);
    consumer.stop.abort();
    await consumer.clock.advance(DRAIN_MS);
    expect(consumer.handled[0]?.signal.reason).toMatchObject({ reason: 'draining' });
    expect(consumer.state.drained).toBe(false);
    consumer.handled[0]?.finish({ action: 'retry', delaySeconds: 1 });
    await consumer.consumed;
    expect(consumer.settled.at(-1)).toBe('hide a 1');
  });

  test('lets its poll end and hands back what that brings', async () => {
    const consumer = start();
    await consumer.clock.advance(0);
    consumer.stop.abort();
    await consumer.clock.advance(0);
    expect(consumer.state.drained).toBe(false);
    consumer.deliver('late');
    await consumer.consumed;
    expect(consumer.handled).toEqual([]);
    expect(consumer.settled).toEqual(['hide late 1']);
  });
});
