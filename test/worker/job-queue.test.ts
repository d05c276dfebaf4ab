import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqsQueue, LeaseLostError } from '../../gpu-worker/worker/job-queue.ts';
import { type QueueEmulator, REGION, startQueueEmulator } from '../../infra/local/queue-emulator.ts';

let emulator: QueueEmulator;
let sqs: SQSClient;
let queues = 0;

beforeAll(async () => {
  emulator = await startQueueEmulator();
  sqs = new SQSClient({ endpoint: emulator.endpoint, region: REGION, credentials: emulator.credentials });
});

afterAll(async () => {
  sqs.destroy();
  await emulator.stop();
});

/** An empty queue; what is received from it comes back after a second. */
async function emptyQueue() {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `queue-${++queues}` }));
  const queueUrl = new URL(new URL(QueueUrl).pathname, emulator.endpoint).href;
  const queue = createSqsQueue(sqs, { queueUrl, visibilityTimeoutSeconds: 1, pollSeconds: 5 });
  const send = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  return { queue, send };
}

test('a message that is not deleted comes back, counted', async () => {
  const { queue, send } = await emptyQueue();
  await send('job');
  const [first] = await queue.receive(1);
  expect(first).toMatchObject({ body: 'job', receiveCount: 1 });
  const [second] = await queue.receive(1);
  expect(second).toMatchObject({ body: 'job', receiveCount: 2 });
  await queue.delete(second);
});

test('a hidden message stays away for as long as it is hidden', async () => {
  const { queue, send } = await emptyQueue();
  await send('long');
  const [long] = await queue.receive(1);
  await queue.hide(long, 60);
  await send('short');
  expect(await queue.receive(10)).toMatchObject([{ body: 'short' }]);
});

test('a message that is gone cannot be hidden any longer', async () => {
  const { queue, send } = await emptyQueue();
  await send('job');
  const [message] = await queue.receive(1);
  await queue.delete(message);
  await expect(queue.hide(message, 5)).rejects.toThrow(LeaseLostError);
});
