/** R2 deletes at most this many keys in one call, and lists as many. */
const KEYS_PER_CALL = 1000;

/** Deletes everything under a prefix. Safe to repeat. */
export async function deletePrefix(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    const { objects, truncated } = await bucket.list({ prefix, limit: KEYS_PER_CALL });
    if (objects.length > 0) {
      await bucket.delete(objects.map(({ key }) => key));
    }
    if (!truncated) {
      return;
    }
  }
}
