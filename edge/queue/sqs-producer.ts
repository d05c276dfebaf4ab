import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { type QueueMessage, serialiseQueueMessage } from '../../shared/queue-message.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { sqsClientOf } from './sqs-client.ts';

/** A send that takes longer counts as failed; the outbox sends again, and a message that arrives twice is harmless. */
const SEND_TIMEOUT_MS = 5_000;

export type SendToQueue = (message: QueueMessage) => Promise<void>;

/**
 * Puts a job on the queue, grouped by account so that one tenant's burst does not starve the others (SQS fair
 * queues).
 */
export async function sendToQueue(env: EdgeEnv, message: QueueMessage): Promise<void> {
  const command = new SendMessageCommand({
    QueueUrl: settingsOf(env).SQS_QUEUE_URL,
    MessageBody: serialiseQueueMessage(message),
    MessageGroupId: message.account_id,
  });
  await sqsClientOf(env).send(command, { abortSignal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
}
