const SECRET_BYTES = 24;

/** The form that Standard Webhooks 1.0 gives a symmetric secret. */
export function newWebhookSecret(): string {
  return `whsec_${crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64()}`;
}
