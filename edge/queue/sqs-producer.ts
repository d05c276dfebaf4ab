import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type QueueMessage, serialiseQueueMessage } from '../../shared/queue-message.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';

/** A send that takes longer counts as failed; the outbox sends again, and a message that arrives twice is harmless. */
const SEND_TIMEOUT_MS = 5_000;

export type SendToQueue = (message: QueueMessage) => Promise<void>;

const producers = new WeakMap<EdgeEnv, SendToQueue>();

/**
 * Puts jobs on the queue, grouped by account so that one tenant's burst does not starve the others (SQS fair queues).
 * One client an isolate.
 */
export function sqsProducerOf(env: EdgeEnv): SendToQueue {
  const known = producers.get(env);
  if (known) {
    return known;
  }
  const settings = settingsOf(env);
  const client = new SQSClient({
    endpoint: settings.SQS_ENDPOINT,
    region: settings.AWS_REGION,
    credentials: { accessKeyId: settings.AWS_ACCESS_KEY_ID, secretAccessKey: settings.AWS_SECRET_ACCESS_KEY },
    maxAttempts: 1,
  });
  async function send(message: QueueMessage): Promise<void> {
    const command = new SendMessageCommand({
      QueueUrl: settings.SQS_QUEUE_URL,
      MessageBody: serialiseQueueMessage(message),
      MessageGroupId: message.account_id,
    });
    await client.send(command, { abortSignal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
  }
  producers.set(env, send);
  return send;
}
