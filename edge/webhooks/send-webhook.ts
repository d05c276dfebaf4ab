import type { JobState } from '../durable-objects/job/job-state.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { targetRulesOf } from '../egress/public-target.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { type Attempted, attemptDelivery } from './attempt-delivery.ts';
import type { Delivery } from './delivery.ts';
import { webhookBody } from './webhook-body.ts';
import { webhookHeaders } from './webhook-signature.ts';

const USER_AGENT = 'elite-edge-webhooks/1';

/** One attempt at telling a job's receiver of an event. */
export async function sendWebhook(
  env: EdgeEnv,
  state: JobState,
  delivery: Delivery,
  now: () => number,
): Promise<Attempted> {
  const atMs = now();
  const body = await webhookBody(env, state, delivery, atMs);
  if (body === null) {
    const error = 'not sent: the object was deleted';
    return { attempt: { atMs, statusCode: null, error, durationMs: 0 }, outcome: { kind: 'stopped' } };
  }
  const { account_id: accountId, traceparent } = state.message;
  const secrets = await accountOf(env, accountId).webhookSigningSecrets();
  const signed = { id: delivery.id, timestamp: Math.floor(atMs / 1000), body };
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': USER_AGENT,
    ...(await webhookHeaders(signed, secrets)),
    ...(traceparent !== null && { traceparent }),
  };
  return attemptDelivery({ url: delivery.url, headers, body }, { rules: targetRulesOf(settingsOf(env)), now });
}
