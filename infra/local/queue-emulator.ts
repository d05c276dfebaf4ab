import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { LOOPBACK } from './free-port.ts';

export const REGION = 'us-east-1';

/** The worker reports a job's failure at its fifth delivery; only what names no job gets this far. */
const MAX_RECEIVES = 10;

export type QueueEmulator = {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
};

/**
 * SQS in this process and in memory, with a job queue and its dead-letter queue. Not by fauxqs' own start function, which listens on every
 * interface.
 */
export async function startQueueEmulator(): Promise<QueueEmulator> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ port: 0, host: LOOPBACK });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ endpoint, region: REGION, credentials });
  const deadLetters = await sqs.send(new CreateQueueCommand({ QueueName: 'jobs-dead-letters' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetters.QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const redrive = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: MAX_RECEIVES };
  const jobs = await sqs.send(
    new CreateQueueCommand({ QueueName: 'jobs', Attributes: { RedrivePolicy: JSON.stringify(redrive) } }),
  );
  sqs.destroy();
  // The emulator names a host that only some resolvers know; the path is what identifies a queue.
  const queueUrl = new URL(new URL(jobs.QueueUrl ?? '').pathname, endpoint).href;
  return { endpoint, queueUrl, credentials, stop: async () => app.close() };
}
