import { DurableObject } from 'cloudflare:workers';
import { accountPrefix, accountUploadsPrefix, jobPrefix, uploadPrefix } from '../../shared/object-keys.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { newWebhookSecrets, rotatedSecrets, signingSecrets, type WebhookSecrets } from '../webhooks/webhook-secrets.ts';
import { createDeliveryTable } from './account/delivery-table.ts';
import { createIdempotencyTable, type IdempotentRequest, type StoredAnswer } from './account/idempotency-table.ts';
import { applyJobChange } from './account/job-change.ts';
import { createKeyTable, type KeyRecord, type NewKey } from './account/key-table.ts';
import { createRateLimiter, type TakenFromLimit } from './account/rate-limiter.ts';
import { createRecordTable, type ListQuery, type Page } from './account/record-table.ts';
import {
  type ConceptChanges,
  type ConceptRecord,
  changedConcept,
  type GenerationRecord,
  usesOnly,
} from './account/records.ts';
import { runTask } from './account/run-task.ts';
import { createShareTable, type SharePage, type ShareRecord } from './account/share-table.ts';
import { createTaskRunner } from './account/task-runner.ts';
import type { Task } from './account/task-table.ts';
import { createUsageTable, type EndUserUsage } from './account/usage-table.ts';
import type { JobState, JobTerms } from './job/job-state.ts';
import { shareOf } from './stubs.ts';

/** A job to start with a record, and the Idempotency-Key of the request that asked for both. */
export type NewJob = {
  readonly message: QueueMessage;
  readonly terms: JobTerms;
  readonly idempotencyKey: string | null;
};

export type NewGeneration = { readonly record: GenerationRecord; readonly job: NewJob };

/** A worker that was writing when it was told to stop may leave bytes after the first sweep: sweep again. */
const SECOND_SWEEP_AFTER_MS = 3_600_000;

/**
 * One tenant: its keys and the index of what it owns. Every record is written together with the tasks it causes; the
 * one alarm repeats these until they are done.
 */
export class Account extends DurableObject<EdgeEnv> {
  /** Replaced by tests. */
  now: () => number = Date.now;

  readonly #keys;
  readonly #concepts;
  readonly #generations;
  readonly #samples;
  readonly #shares;
  readonly #deliveries;
  readonly #requests;
  readonly #usage;
  readonly #tasks;
  readonly #limiter = createRateLimiter();

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#keys = createKeyTable(ctx.storage.sql);
    this.#concepts = createRecordTable<ConceptRecord>(ctx.storage.sql, 'concept');
    this.#generations = createRecordTable<GenerationRecord>(ctx.storage.sql, 'generation');
    this.#samples = createRecordTable<GenerationRecord>(ctx.storage.sql, 'sample');
    this.#shares = createShareTable(ctx.storage.sql);
    this.#deliveries = createDeliveryTable(ctx.storage.sql);
    this.#requests = createIdempotencyTable(ctx.storage.sql);
    this.#usage = createUsageTable(ctx.storage.sql);
    this.#tasks = createTaskRunner(ctx.storage, {
      run: (task) => this.#run(task),
      rest: () => this.#rest(),
      now: () => this.now(),
    });
  }

  /** Opens the account with its first key; an account that exists is left as it is. Returns its webhook secret. */
  async open(id: string, firstKey: NewKey): Promise<{ webhookSecret: string }> {
    if (!this.#exists()) {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put('id', id);
        this.ctx.storage.kv.put('webhook_secrets', newWebhookSecrets());
        for (const table of this.#tables()) {
          table.create();
        }
        this.#keys.insert(firstKey, this.now());
      });
    }
    return { webhookSecret: this.#webhookSecrets().current };
  }

  async webhookSecrets(): Promise<WebhookSecrets> {
    return this.#webhookSecrets();
  }

  async rotateWebhookSecret(): Promise<WebhookSecrets> {
    const secrets = rotatedSecrets(this.#webhookSecrets(), this.now());
    this.ctx.storage.kv.put('webhook_secrets', secrets);
    return secrets;
  }

  async webhookSigningSecrets(): Promise<string[]> {
    return signingSecrets(this.#webhookSecrets(), this.now());
  }

  /** The job that knows a delivery, or null when there is no such delivery. */
  async jobOfDelivery(id: string): Promise<string | null> {
    return this.#exists() ? this.#deliveries.jobOf(id) : null;
  }

  /**
   * Whether a key is alive, and what is left of its and its end user's limits; a client token comes without the key's
   * hash, having been checked by its signature. Null when there is no such key. Accounts that do not exist are asked
   * too, and store nothing.
   */
  async authenticate(
    keyId: string,
    hash: ArrayBuffer | null,
    endUser: string | null,
  ): Promise<readonly TakenFromLimit[] | null> {
    const expected = this.#exists() ? this.#keys.hashOf(keyId) : null;
    if (!expected || (hash && !crypto.subtle.timingSafeEqual(expected, hash))) {
      return null;
    }
    const nowMs = this.now();
    this.#keys.used(keyId, nowMs);
    const { RATE_LIMIT_PER_KEY, RATE_LIMIT_PER_END_USER } = settingsOf(this.env);
    return [
      this.#limiter.take('key', keyId, RATE_LIMIT_PER_KEY, nowMs),
      ...(endUser === null ? [] : [this.#limiter.take('end_user', endUser, RATE_LIMIT_PER_END_USER, nowMs)]),
    ];
  }

  async createKey(key: NewKey): Promise<KeyRecord> {
    const nowMs = this.now();
    this.#keys.insert(key, nowMs);
    return { id: key.id, name: key.name, createdAtMs: nowMs, lastUsedAtMs: null };
  }

  async listKeys(): Promise<KeyRecord[]> {
    return this.#keys.list();
  }

  async deleteKey(id: string): Promise<boolean> {
    return this.#keys.delete(id);
  }

  /**
   * Closes the account: nobody gets in any more, and all it had goes, its shares at once. What is left is the tasks
   * that see to this; with the last of them the account itself is gone.
   */
  async close(): Promise<void> {
    const id = this.ctx.storage.kv.get<string>('id')!;
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put('closed', true);
      this.#keys.deleteAll();
      for (const concept of this.#concepts.ids()) {
        this.#unshare(concept);
        this.#concepts.delete(concept);
        this.#tasks.promise({ kind: 'delete_job', jobId: concept });
      }
      for (const generation of this.#generations.ids()) {
        this.#generations.delete(generation);
        this.#tasks.promise({ kind: 'delete_job', jobId: generation });
      }
      this.#tasks.dropExpiries();
      this.#tasks.promise({ kind: 'delete_prefix', prefix: accountUploadsPrefix(id) });
      this.#sweep(accountPrefix(id));
    });
    await this.#runDueTasks();
  }

  async usage(period: string): Promise<EndUserUsage[]> {
    return this.#usage.of(period);
  }

  async beginRequest(key: string, fingerprint: string): Promise<IdempotentRequest> {
    return this.#requests.begin(key, fingerprint, this.now());
  }

  /** Keeps an answer that stands, or forgets a request that may be made anew. */
  async endRequest(key: string, answer: StoredAnswer | null): Promise<void> {
    if (answer) {
      this.#requests.answered(key, answer);
    } else {
      this.#requests.forget(key);
    }
  }

  async getConcept(id: string): Promise<ConceptRecord | null> {
    return this.#exists() ? this.#concepts.get(id) : null;
  }

  async findConcept(contentHash: string): Promise<ConceptRecord | null> {
    return this.#concepts.getByAlias(contentHash);
  }

  /** `only` are the ids a caller may see, if not all. */
  async listConcepts(query: ListQuery, only: readonly string[] | null): Promise<Page<ConceptRecord>> {
    return this.#concepts.list(query, ({ id }) => only?.includes(id) ?? true);
  }

  /** Stores a concept and that its job must start; or returns the one with the same content. */
  async createConcept(
    record: ConceptRecord,
    contentHash: string,
    job: NewJob,
  ): Promise<{ record: ConceptRecord; created: boolean }> {
    const existing = this.#concepts.getByAlias(contentHash);
    if (existing) {
      return { record: existing, created: false };
    }
    await this.#storeAndStart(job, () => {
      this.#concepts.insert(record, contentHash);
      this.#expireAt(record.expiresAtMs, { kind: 'expire_concept', id: record.id });
    });
    return { record, created: true };
  }

  async updateConcept(id: string, changes: ConceptChanges): Promise<void> {
    const record = this.#concepts.get(id);
    if (record) {
      this.#concepts.update(changedConcept(record, changes));
    }
  }

  async deleteConcept(id: string): Promise<void> {
    this.#delete(id, () => {
      this.#concepts.delete(id);
      this.#unshare(id);
    });
  }

  async getGeneration(id: string): Promise<GenerationRecord | null> {
    return this.#exists() ? this.#generations.get(id) : null;
  }

  /** `only` are the concepts a caller may see, if not all. */
  async listGenerations(query: ListQuery, only: readonly string[] | null): Promise<Page<GenerationRecord>> {
    return this.#generations.list(query, (record) => only === null || usesOnly(record, only));
  }

  async deleteGeneration(id: string): Promise<void> {
    this.#delete(id, () => this.#generations.delete(id));
  }

  async createGeneration({ record, job }: NewGeneration): Promise<void> {
    await this.#storeAndStart(job, () => {
      this.#generations.insert(record, null);
      this.#expireAt(record.expiresAtMs, { kind: 'expire_generation', id: record.id });
    });
  }

  async getShare(conceptId: string, id: string): Promise<ShareRecord | null> {
    return this.#exists() ? this.#shares.get(conceptId, id) : null;
  }

  async listShares(conceptId: string, query: { limit: number; before: string | null }): Promise<SharePage> {
    return this.#shares.list(conceptId, query);
  }

  /** Opens a share, and has a sample of its concept drawn unless there is one or one is being drawn. */
  async createShare(
    share: ShareRecord,
    { sample, idempotencyKey }: { sample: NewGeneration | null; idempotencyKey: string | null },
  ): Promise<void> {
    await shareOf(this.env, share.name).open(share.terms);
    this.ctx.storage.transactionSync(() => {
      this.#shares.insert(share);
      this.#made(share.terms.id, idempotencyKey);
    });
    const { conceptId } = share.terms;
    if (sample && !this.#samples.getByAlias(conceptId)) {
      await this.#storeAndStart(sample.job, () => this.#samples.insert(sample.record, conceptId));
    }
  }

  /** False when there is no such share; else it is dead when this returns. */
  async revokeShare(conceptId: string, id: string): Promise<boolean> {
    const share = this.#exists() ? this.#shares.get(conceptId, id) : null;
    if (!share) {
      return false;
    }
    await shareOf(this.env, share.name).revoke();
    this.#shares.delete(id);
    return true;
  }

  /** The picture that stands for a concept on the pages of its shares. */
  async getSample(conceptId: string): Promise<GenerationRecord | null> {
    return this.#exists() ? this.#samples.getByAlias(conceptId) : null;
  }

  /** Stores a concept that came as a file or by a share: nothing is left to encode. */
  async importConcept(
    record: ConceptRecord,
    { share, idempotencyKey }: { share: string | null; idempotencyKey: string | null },
  ): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      this.#concepts.insert(record, null);
      this.#made(record.id, idempotencyKey);
      if (share !== null) {
        this.#tasks.promise({ kind: 'confirm_use', share, useId: record.id });
      }
    });
    await this.#tasks.runDue();
  }

  /** A job tells of every change of its status, at least once and in order. */
  async jobChanged(job: JobState, deliveryIds: readonly string[]): Promise<void> {
    if (!this.#exists()) {
      return;
    }
    const { account_id: accountId, job_id: jobId, kind } = job.message;
    this.ctx.storage.transactionSync(() => {
      const isNews = applyJobChange(this.#jobTables(), job, this.now());
      if (isNews) {
        this.#deliveries.insert(deliveryIds, jobId);
      }
      if (job.endedAtMs !== null && job.status !== 'succeeded') {
        for (const share of job.shares) {
          this.#tasks.promise({ kind: 'give_back_use', share, useId: jobId });
        }
      }
      if (isNews && job.endedAtMs !== null) {
        if (kind === 'encode') {
          this.#tasks.promise({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, jobId) });
        }
        if (job.status !== 'succeeded') {
          this.#sweep(jobPrefix(accountId, jobId));
        }
      }
    });
    this.ctx.waitUntil(this.#runDueTasks());
  }

  override async alarm(): Promise<void> {
    await this.#runDueTasks();
  }

  #webhookSecrets(): WebhookSecrets {
    return this.ctx.storage.kv.get<WebhookSecrets>('webhook_secrets')!;
  }

  #jobTables() {
    return { concepts: this.#concepts, generations: this.#generations, samples: this.#samples, usage: this.#usage };
  }

  #tables() {
    return [
      this.#keys,
      this.#concepts,
      this.#generations,
      this.#samples,
      this.#shares,
      this.#deliveries,
      this.#requests,
      this.#usage,
      this.#tasks,
    ];
  }

  #exists(): boolean {
    return this.ctx.storage.kv.get('id') !== undefined;
  }

  /** What makes 202 a promise: from the write on the job starts, now or by the alarm. */
  async #storeAndStart({ message, terms, idempotencyKey }: NewJob, store: () => void): Promise<void> {
    const task: Task = { kind: 'start_job', message, terms };
    const id = this.ctx.storage.transactionSync(() => {
      store();
      this.#made(message.job_id, idempotencyKey);
      return this.#tasks.promise(task);
    });
    await this.#tasks.tryNow(id, task);
  }

  /** Forgets a record; its job and its bytes follow. */
  #delete(id: string, forget: () => void): void {
    const accountId = this.ctx.storage.kv.get<string>('id')!;
    this.ctx.storage.transactionSync(() => {
      forget();
      this.#deliveries.deleteOf(id);
      this.#tasks.promise({ kind: 'delete_job', jobId: id });
      this.#tasks.promise({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, id) });
      this.#sweep(jobPrefix(accountId, id));
    });
    this.ctx.waitUntil(this.#runDueTasks());
  }

  /** Ends what hangs on a concept that goes: its shares, and the sample on their pages. */
  #unshare(conceptId: string): void {
    for (const share of this.#shares.deleteOf(conceptId)) {
      this.#tasks.promise({ kind: 'revoke_share', share });
    }
    const sample = this.#samples.getByAlias(conceptId);
    if (sample) {
      this.#delete(sample.id, () => this.#samples.delete(sample.id));
    }
  }

  #expireAt(atMs: number | null, task: Task): void {
    if (atMs !== null) {
      this.#tasks.promise(task, atMs);
    }
  }

  #made(objectId: string, idempotencyKey: string | null): void {
    if (idempotencyKey !== null) {
      this.#requests.made(idempotencyKey, objectId);
    }
  }

  #sweep(prefix: string): void {
    this.#tasks.promise({ kind: 'delete_prefix', prefix });
    this.#tasks.promise({ kind: 'delete_prefix', prefix }, this.now() + SECOND_SWEEP_AFTER_MS);
  }

  async #run(task: Task): Promise<void> {
    switch (task.kind) {
      case 'expire_concept':
        return this.deleteConcept(task.id);
      case 'expire_generation':
        return this.deleteGeneration(task.id);
      default:
        return runTask(this.env, task);
    }
  }

  async #runDueTasks(): Promise<void> {
    if (this.#exists()) {
      await this.#tasks.runDue();
    }
  }

  /** A closed account with nothing left to do is gone. */
  async #rest(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    if (this.ctx.storage.kv.get('closed')) {
      await this.ctx.storage.deleteAll();
    }
  }
}
