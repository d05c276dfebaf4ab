import { DurableObject } from 'cloudflare:workers';
import { jobPrefix, uploadPrefix } from '../../shared/object-keys.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { newWebhookSecret } from '../credentials/webhook-secret.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { deletePrefix } from '../storage/bucket.ts';
import { createIdempotencyTable, type IdempotentRequest, type StoredAnswer } from './account/idempotency-table.ts';
import { createKeyTable, type KeyRecord, type NewKey } from './account/key-table.ts';
import { createRateLimiter, type TakenFromLimit } from './account/rate-limiter.ts';
import { createRecordTable, type ListQuery, type Page } from './account/record-table.ts';
import {
  type ConceptChanges,
  type ConceptRecord,
  changedConcept,
  conceptWithJob,
  type GenerationRecord,
  generationWithJob,
  usesOnly,
} from './account/records.ts';
import { createTaskTable, type DueTask, type Task } from './account/task-table.ts';
import { createUsageTable, type EndUserUsage } from './account/usage-table.ts';
import { setAlarmToEarliest } from './alarm.ts';
import type { JobState } from './job/job-state.ts';
import { jobOf } from './stubs.ts';

/** A job to start with a record, and the Idempotency-Key of the request that asked for both. */
export type NewJob = {
  readonly message: QueueMessage;
  readonly startWithinMs: number;
  readonly idempotencyKey: string | null;
};

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
  readonly #requests;
  readonly #usage;
  readonly #tasks;
  readonly #limiter = createRateLimiter();
  readonly #running = new Set<number>();

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#keys = createKeyTable(ctx.storage.sql);
    this.#concepts = createRecordTable<ConceptRecord>(ctx.storage.sql, 'concept');
    this.#generations = createRecordTable<GenerationRecord>(ctx.storage.sql, 'generation');
    this.#requests = createIdempotencyTable(ctx.storage.sql);
    this.#usage = createUsageTable(ctx.storage.sql);
    this.#tasks = createTaskTable(ctx.storage.sql);
  }

  /** Opens the account with its first key; an account that exists is left as it is. Returns its webhook secret. */
  async open(id: string, firstKey: NewKey): Promise<{ webhookSecret: string }> {
    if (!this.#exists()) {
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put('id', id);
        this.ctx.storage.kv.put('webhook_secret', newWebhookSecret());
        for (const table of [this.#keys, this.#concepts, this.#generations, this.#requests, this.#usage, this.#tasks]) {
          table.create();
        }
        this.#keys.insert(firstKey, this.now());
      });
    }
    return { webhookSecret: this.ctx.storage.kv.get<string>('webhook_secret')! };
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
    await this.#storeAndStart(job, () => this.#concepts.insert(record, contentHash));
    return { record, created: true };
  }

  async importConcept(record: ConceptRecord, idempotencyKey: string | null): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      this.#concepts.insert(record, null);
      this.#made(record.id, idempotencyKey);
    });
  }

  async updateConcept(id: string, changes: ConceptChanges): Promise<void> {
    const record = this.#concepts.get(id);
    if (record) {
      this.#concepts.update(changedConcept(record, changes));
    }
  }

  async deleteConcept(id: string): Promise<void> {
    this.#delete(id, () => this.#concepts.delete(id));
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

  async createGeneration(record: GenerationRecord, job: NewJob): Promise<void> {
    await this.#storeAndStart(job, () => this.#generations.insert(record, null));
  }

  /** A job tells of every change of its status, at least once and in order. */
  async jobChanged(job: JobState): Promise<void> {
    if (!this.#exists()) {
      return;
    }
    const { account_id: accountId, job_id: jobId, kind } = job.message;
    this.ctx.storage.transactionSync(() => {
      const isNews = kind === 'encode' ? this.#conceptChanged(job) : this.#generationChanged(job);
      if (isNews && job.endedAtMs !== null) {
        if (kind === 'encode') {
          this.#tasks.add({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, jobId) }, this.now());
        }
        if (job.status !== 'succeeded') {
          this.#sweep(jobPrefix(accountId, jobId));
        }
      }
    });
    this.ctx.waitUntil(this.#runDueTasks());
  }

  override async alarm(): Promise<void> {
    try {
      await this.#runDueTasks();
    } finally {
      await this.#rearm();
    }
  }

  /** False when the record is gone or had ended before: then there is nothing left to do. */
  #conceptChanged(job: JobState): boolean {
    const record = this.#concepts.get(job.message.job_id);
    if (!record || record.endedAtMs !== null) {
      return false;
    }
    this.#concepts.update(conceptWithJob(record, job));
    if (job.status === 'succeeded') {
      this.#usage.add(record.endUser, { concepts: 1, generations: 0, images: 0, steps: 0 }, this.now());
    } else if (job.endedAtMs !== null) {
      this.#concepts.dropAlias(record.id); // the same photo may be tried again
    }
    return true;
  }

  #generationChanged(job: JobState): boolean {
    const record = this.#generations.get(job.message.job_id);
    if (!record || record.endedAtMs !== null) {
      return false;
    }
    this.#generations.update(generationWithJob(record, job));
    if (job.status === 'succeeded') {
      const { num_images: images, steps } = record.input;
      this.#usage.add(record.endUser, { concepts: 0, generations: 1, images, steps: steps * images }, this.now());
    }
    return true;
  }

  #exists(): boolean {
    return this.ctx.storage.kv.get('id') !== undefined;
  }

  /** What makes 202 a promise: from the write on the job starts, now or by the alarm. */
  async #storeAndStart({ message, startWithinMs, idempotencyKey }: NewJob, store: () => void): Promise<void> {
    const task: Task = { kind: 'start_job', message, startWithinMs };
    const id = this.ctx.storage.transactionSync(() => {
      store();
      this.#made(message.job_id, idempotencyKey);
      return this.#tasks.add(task, this.now());
    });
    await this.#attempt({ id, task, failures: 0 });
    await this.#rearm();
  }

  /** Forgets a record; its job and its bytes follow. */
  #delete(id: string, forget: () => void): void {
    const accountId = this.ctx.storage.kv.get<string>('id')!;
    this.ctx.storage.transactionSync(() => {
      forget();
      this.#tasks.add({ kind: 'delete_job', jobId: id }, this.now());
      this.#tasks.add({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, id) }, this.now());
      this.#sweep(jobPrefix(accountId, id));
    });
    this.ctx.waitUntil(this.#runDueTasks());
  }

  #made(objectId: string, idempotencyKey: string | null): void {
    if (idempotencyKey !== null) {
      this.#requests.made(idempotencyKey, objectId);
    }
  }

  #sweep(prefix: string): void {
    this.#tasks.add({ kind: 'delete_prefix', prefix }, this.now());
    this.#tasks.add({ kind: 'delete_prefix', prefix }, this.now() + SECOND_SWEEP_AFTER_MS);
  }

  async #runDueTasks(): Promise<void> {
    const due = this.#tasks.due(this.now()).filter(({ id }) => !this.#running.has(id));
    await Promise.all(due.map((task) => this.#attempt(task)));
    await this.#rearm();
  }

  async #attempt(due: DueTask): Promise<void> {
    this.#running.add(due.id);
    try {
      await this.#run(due.task);
      this.#tasks.done(due.id);
    } catch (error) {
      console.warn(
        JSON.stringify({ level: 'warn', message: `account could not ${due.task.kind}`, detail: String(error) }),
      );
      this.#tasks.failed(due, this.now());
    } finally {
      this.#running.delete(due.id);
    }
  }

  async #run(task: Task): Promise<void> {
    switch (task.kind) {
      case 'start_job':
        return jobOf(this.env, task.message.job_id).accept(task.message, { startWithinMs: task.startWithinMs });
      case 'delete_job':
        return jobOf(this.env, task.jobId).delete();
      case 'delete_prefix':
        return deletePrefix(this.env.BUCKET, task.prefix);
    }
  }

  async #rearm(): Promise<void> {
    if (this.#exists()) {
      await setAlarmToEarliest(this.ctx.storage, [this.#tasks.nextDueAtMs()]);
    }
  }
}
