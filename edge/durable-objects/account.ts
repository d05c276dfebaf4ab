import { DurableObject } from 'cloudflare:workers';
import { jobPrefix, uploadPrefix } from '../../shared/object-keys.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import type { EdgeEnv } from '../env.ts';
import { deletePrefix } from '../storage/bucket.ts';
import { createKeyTable } from './account/key-table.ts';
import { createRecordTable, type ListQuery, type Page } from './account/record-table.ts';
import { type ConceptRecord, conceptWithJob, type GenerationRecord, generationWithJob } from './account/records.ts';
import { createTaskTable, type DueTask, type Task } from './account/task-table.ts';
import { setAlarmToEarliest } from './alarm.ts';
import type { JobState } from './job/job-state.ts';
import { jobOf } from './stubs.ts';

export type NewJob = { readonly message: QueueMessage; readonly startWithinMs: number };

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
  readonly #tasks;
  readonly #running = new Set<number>();

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#keys = createKeyTable(ctx.storage.sql);
    this.#concepts = createRecordTable<ConceptRecord>(ctx.storage.sql, 'concept');
    this.#generations = createRecordTable<GenerationRecord>(ctx.storage.sql, 'generation');
    this.#tasks = createTaskTable(ctx.storage.sql);
  }

  /** Opens the account with its first key; an account that exists is left as it is. */
  async open(firstKey: { id: string; hash: ArrayBuffer }): Promise<void> {
    if (this.#exists()) {
      return;
    }
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put('opened_at_ms', this.now());
      this.#keys.create();
      this.#concepts.create();
      this.#generations.create();
      this.#tasks.create();
      this.#keys.insert({ ...firstKey, name: null, createdAtMs: this.now() });
    });
  }

  /** Whether a key with this id and hash is alive. Accounts that do not exist are asked too, and store nothing. */
  async authenticate(keyId: string, hash: ArrayBuffer): Promise<boolean> {
    const expected = this.#exists() ? this.#keys.hashOf(keyId) : null;
    return expected !== null && crypto.subtle.timingSafeEqual(expected, hash);
  }

  async getConcept(id: string): Promise<ConceptRecord | null> {
    return this.#concepts.get(id);
  }

  async findConcept(contentHash: string): Promise<ConceptRecord | null> {
    return this.#concepts.getByAlias(contentHash);
  }

  async listConcepts(query: ListQuery): Promise<Page<ConceptRecord>> {
    return this.#concepts.list(query);
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

  async getGeneration(id: string): Promise<GenerationRecord | null> {
    return this.#generations.get(id);
  }

  async listGenerations(query: ListQuery): Promise<Page<GenerationRecord>> {
    return this.#generations.list(query);
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
      if (kind === 'encode') {
        const record = this.#concepts.get(jobId);
        if (record) {
          this.#concepts.update(conceptWithJob(record, job));
        }
        if (job.endedAtMs !== null) {
          this.#tasks.add({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, jobId) }, this.now());
        }
        if (job.endedAtMs !== null && job.status !== 'succeeded') {
          this.#concepts.dropAlias(jobId); // the same photo may be tried again
        }
      } else {
        const record = this.#generations.get(jobId);
        if (record) {
          this.#generations.update(generationWithJob(record, job));
        }
      }
      if (job.endedAtMs !== null && job.status !== 'succeeded') {
        this.#sweep(jobPrefix(accountId, jobId));
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

  #exists(): boolean {
    return this.ctx.storage.kv.get('opened_at_ms') !== undefined;
  }

  /** What makes 202 a promise: from the write on the job starts, now or by the alarm. */
  async #storeAndStart({ message, startWithinMs }: NewJob, store: () => void): Promise<void> {
    const task: Task = { kind: 'start_job', message, startWithinMs };
    const id = this.ctx.storage.transactionSync(() => {
      store();
      return this.#tasks.add(task, this.now());
    });
    await this.#attempt({ id, task, failures: 0 });
    await this.#rearm();
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
