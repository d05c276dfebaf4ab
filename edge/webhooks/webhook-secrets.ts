import { newWebhookSecret } from '../credentials/webhook-secret.ts';

/** After a rotation the old secret signs beside the new one for as long. */
export const ROTATION_OVERLAP_MS = 24 * 3_600_000;

export type WebhookSecrets = {
  readonly current: string;
  readonly previous: { readonly secret: string; readonly expiresAtMs: number } | null;
};

export function newWebhookSecrets(): WebhookSecrets {
  return { current: newWebhookSecret(), previous: null };
}

/** A rotation within the overlap of another ends the older secret at once. */
export function rotatedSecrets({ current }: WebhookSecrets, nowMs: number): WebhookSecrets {
  return { current: newWebhookSecret(), previous: { secret: current, expiresAtMs: nowMs + ROTATION_OVERLAP_MS } };
}

/** The secrets that sign now, the current one first. */
export function signingSecrets({ current, previous }: WebhookSecrets, nowMs: number): string[] {
  return previous && previous.expiresAtMs > nowMs ? [current, previous.secret] : [current];
}
