import { SQSClient } from '@aws-sdk/client-sqs';
import { type EdgeEnv, settingsOf } from '../env.ts';

const clients = new WeakMap<EdgeEnv, SQSClient>();

/** One client an isolate. It never tries again by itself: its callers know better when. */
export function sqsClientOf(env: EdgeEnv): SQSClient {
  const known = clients.get(env);
  if (known) {
    return known;
  }
  const { SQS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = settingsOf(env);
  const client = new SQSClient({
    endpoint: SQS_ENDPOINT,
    region: AWS_REGION,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    maxAttempts: 1,
  });
  clients.set(env, client);
  return client;
}
