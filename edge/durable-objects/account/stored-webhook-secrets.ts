import {
  newWebhookSecrets,
  rotatedSecrets,
  signingSecrets,
  type WebhookSecrets,
} from '../../webhooks/webhook-secrets.ts';

const KEY = 'webhook_secrets';

export function createWebhookSecrets({ kv }: DurableObjectStorage): void {
  kv.put(KEY, newWebhookSecrets());
}

export function webhookSecretsOf({ kv }: DurableObjectStorage): WebhookSecrets {
  return kv.get<WebhookSecrets>(KEY)!;
}

export function rotateWebhookSecrets(storage: DurableObjectStorage, nowMs: number): WebhookSecrets {
  const secrets = rotatedSecrets(webhookSecretsOf(storage), nowMs);
  storage.kv.put(KEY, secrets);
  return secrets;
}

/** Those that sign now. */
export function webhookSigningSecretsOf(storage: DurableObjectStorage, nowMs: number): string[] {
  return signingSecrets(webhookSecretsOf(storage), nowMs);
}
