import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { sqsClientOf } from './sqs-client.ts';

/** SQS itself only estimates: asking more often tells no more. */
const CACHE_MS = 2_000;

/** An estimate is not worth waiting for longer. */
const READ_TIMEOUT_MS = 1_000;

type Reading = { readonly depth: Promise<number | null>; readonly readAtMs: number };

const readings = new WeakMap<EdgeEnv, Reading>();

/** About how many jobs wait in the queue, or null when it does not say. */
export function readQueueDepth(env: EdgeEnv, nowMs: number): Promise<number | null> {
  const known = readings.get(env);
  if (known && nowMs - known.readAtMs < CACHE_MS) {
    return known.depth;
  }
  const depth = askQueue(env).catch(() => null);
  readings.set(env, { depth, readAtMs: nowMs });
  return depth;
}

async function askQueue(env: EdgeEnv): Promise<number | null> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: settingsOf(env).SQS_QUEUE_URL,
    AttributeNames: ['ApproximateNumberOfMessages'],
  });
  const { Attributes } = await sqsClientOf(env).send(command, { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MS) });
  const depth = Number(Attributes?.ApproximateNumberOfMessages);
  return Number.isSafeInteger(depth) ? depth : null;
}
