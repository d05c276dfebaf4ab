import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  MessageNotInflight,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** SQS hands out at most this many messages at once. */
const MAX_RECEIVE = 10;

export type ReceivedMessage = {
  readonly body: string;
  readonly receiptHandle: string;
  readonly receiveCount: number; // 1 on the first delivery; SQS calls it approximate
};

/** The message is not ours any more: its visibility ran out, or it was deleted. Trying again cannot help. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

export type JobQueue = {
  /** Long-polls; resolves empty when nothing came. */
  receive(maxMessages: number): Promise<readonly ReceivedMessage[]>;
  /** Hides the message from other workers for so long from now; throws LeaseLostError. */
  hide(message: ReceivedMessage, seconds: number): Promise<void>;
  delete(message: ReceivedMessage): Promise<void>;
};

type SqsQueueOptions = {
  readonly queueUrl: string;
  readonly visibilityTimeoutSeconds: number;
  readonly pollSeconds: number; // at most 20
};

export function createSqsQueue(client: SQSClient, options: SqsQueueOptions): JobQueue {
  const { queueUrl, visibilityTimeoutSeconds, pollSeconds } = options;
  return {
    async receive(maxMessages) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: Math.min(maxMessages, MAX_RECEIVE),
          VisibilityTimeout: visibilityTimeoutSeconds,
          WaitTimeSeconds: pollSeconds,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      return Messages.map((message) => ({
        body: message.Body ?? '',
        receiptHandle: message.ReceiptHandle ?? '',
        receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
      }));
    },

    async hide({ receiptHandle }, seconds) {
      try {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: queueUrl,
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          }),
        );
      } catch (error) {
        if (error instanceof MessageNotInflight || error instanceof ReceiptHandleIsInvalid) {
          throw new LeaseLostError('expected a message in flight, the queue says it is not', { cause: error });
        }
        throw error;
      }
    },

    async delete({ receiptHandle }) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
    },
  };
}
