import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { createConcept, deleteConcept } from '../../../edge/durable-objects/account/concepts.ts';
import type { JobTerms } from '../../../edge/durable-objects/job/job-state.ts';
import { jobOf } from '../../../edge/durable-objects/stubs.ts';
import type { QueueMessage } from '../../../shared/queue-message.ts';
import { conceptRecord, type InAccount, inAccount } from './in-account.ts';

const terms: JobTerms = { startWithinMs: 60_000, shares: [], webhook: null };

function messageFor(accountId: string, jobId: string): QueueMessage {
  return {
    version: 1,
    kind: 'encode',
    job_id: jobId,
    account_id: accountId,
    model: 'm',
    deadline: new Date(Date.now() + 3_600_000).toISOString(),
    traceparent: null,
    input: { photo_key: 'k', mask_key: null, mask_source: 'none' },
  };
}

test('a job does not live when its record is deleted just as it starts', async () => {
  const record = conceptRecord();
  let lived = false;
  const deleted = Promise.withResolvers<void>();
  const objectIn = ({ parts }: InAccount) => ({
    accept: async (message: QueueMessage, accepted: JobTerms) => {
      deleteConcept(parts, record.id);
      await deleted.promise; // too early, as there was none yet
      await jobOf(env, record.id).accept(message, accepted);
      lived = (await jobOf(env, record.id).view()) !== null;
    },
    delete: async () => {
      await jobOf(env, record.id).delete();
      deleted.resolve();
    },
  });
  await inAccount(
    (account) => ({ JOB: { getByName: () => objectIn(account) } }),
    async ({ accountId, parts }) => {
      const newJob = { message: messageFor(accountId, record.id), terms, idempotencyKey: null };
      await createConcept(parts, { record, contentHash: 'hash', job: newJob });
    },
  );
  expect(lived).toBe(true);
  expect(await jobOf(env, record.id).view()).toBeNull();
});
