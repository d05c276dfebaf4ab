import { DurableObject } from 'cloudflare:workers';
import { type EdgeEnv, settingsOf } from '../env.ts';
import type { WebhookSecrets } from '../webhooks/webhook-secrets.ts';
import { type AccountParts, createAccountParts, runDueTasks } from './account/account-parts.ts';
import { closeAccount } from './account/close-account.ts';
import { createConcept, deleteConcept, importConcept, type StoredConcept, updateConcept } from './account/concepts.ts';
import { exists, isOpen } from './account/existence.ts';
import { createGeneration, deleteGeneration, type NewGeneration } from './account/generations.ts';
import type { IdempotentRequest, StoredAnswer } from './account/idempotency-table.ts';
import { jobChanged } from './account/job-changed.ts';
import type { KeyRecord, NewKey } from './account/key-table.ts';
import { openAccount } from './account/open-account.ts';
import { type ConceptChanges, type ConceptRecord, type GenerationRecord, usesOnly } from './account/records.ts';
import type { ListedShare, ShareRecord } from './account/share-table.ts';
import { createShare, revokeShare } from './account/shares.ts';
import type { NewJob } from './account/start-job.ts';
import { rotateWebhookSecrets, webhookSecretsOf, webhookSigningSecretsOf } from './account/stored-webhook-secrets.ts';
import type { EndUserUsage } from './account/usage-table.ts';
import { createHeldRequests, type HeldRequests } from './held-requests.ts';
import type { JobState } from './job/job-state.ts';
import { createRateLimiter, type TakenFromLimit } from './rate-limiter.ts';
import type { ListQuery, Page, PageQuery } from './record-table.ts';

/**
 * One tenant: its keys and the index of what it owns. Every record is written together with the tasks it causes; the
 * one alarm repeats these until they are done. This is what others may ask of it; how it is done is in `account/`.
 */
export class Account extends DurableObject<EdgeEnv> {
  /** Replaced by tests. */
  now: () => number = Date.now;

  readonly #parts: AccountParts;
  readonly #tables: AccountParts['tables'];
  readonly #limiter = createRateLimiter();
  readonly #held = createHeldRequests();

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#parts = createAccountParts(ctx, env, () => this.now());
    this.#tables = this.#parts.tables;
  }

  /** Opens the account with its first key; an account that exists is left as it is. Returns its webhook secret. */
  async open(id: string, firstKey: NewKey): Promise<{ webhookSecret: string }> {
    openAccount(this.#parts, id, firstKey);
    return { webhookSecret: webhookSecretsOf(this.ctx.storage).current };
  }

  /**
   * Closes the account: nobody gets in any more, and all it had goes, its shares at once. What is left is the tasks
   * that see to this; with the last of them the account itself is gone.
   */
  async close(): Promise<void> {
    await closeAccount(this.#parts);
  }

  /**
   * Whether a key is alive, and what is left of its and its end user's limits; a client token comes without the key's
   * hash, having been checked by its signature. Null when there is no such key.
   */
  async authenticate(
    keyId: string,
    hash: ArrayBuffer | null,
    endUser: string | null,
  ): Promise<readonly TakenFromLimit[] | null> {
    const expected = this.#exists() ? this.#tables.keys.hashOf(keyId) : null;
    if (!expected || (hash && !crypto.subtle.timingSafeEqual(expected, hash))) {
      return null;
    }
    const nowMs = this.now();
    this.#tables.keys.used(keyId, nowMs);
    const { RATE_LIMIT_PER_KEY, RATE_LIMIT_PER_END_USER } = settingsOf(this.env);
    return [
      this.#limiter.take('key', keyId, RATE_LIMIT_PER_KEY, nowMs),
      ...(endUser === null ? [] : [this.#limiter.take('end_user', endUser, RATE_LIMIT_PER_END_USER, nowMs)]),
    ];
  }

  async hasKey(id: string): Promise<boolean> {
    return this.#exists() && this.#tables.keys.hashOf(id) !== null;
  }

  /** Takes a place for a request of a key that is held open; to be repeated while it is. Null when there is no such key. */
  async hold(keyId: string, requestId: string, quota: number): Promise<HeldRequests | null> {
    return (await this.hasKey(keyId)) ? this.#held.take(keyId, requestId, quota, this.now()) : null;
  }

  async letGo(keyId: string, requestId: string): Promise<void> {
    this.#held.release(keyId, requestId);
  }

  /** Null when the account is closed. */
  async createKey(key: NewKey): Promise<KeyRecord | null> {
    if (!this.#isOpen()) {
      return null;
    }
    const nowMs = this.now();
    this.#tables.keys.insert(key, nowMs);
    return { id: key.id, name: key.name, createdAtMs: nowMs, lastUsedAtMs: null };
  }

  async listKeys(query: PageQuery): Promise<Page<KeyRecord>> {
    return this.#tables.keys.list(query);
  }

  async deleteKey(id: string): Promise<boolean> {
    return this.#tables.keys.delete(id);
  }

  async usage(period: string): Promise<EndUserUsage[]> {
    return this.#tables.usage.of(period);
  }

  /** The months that anything was counted in. */
  async usagePeriods(): Promise<string[]> {
    return this.#tables.usage.periods();
  }

  async webhookSecrets(): Promise<WebhookSecrets> {
    return webhookSecretsOf(this.ctx.storage);
  }

  async rotateWebhookSecret(): Promise<WebhookSecrets> {
    return rotateWebhookSecrets(this.ctx.storage, this.now());
  }

  async webhookSigningSecrets(): Promise<string[]> {
    return webhookSigningSecretsOf(this.ctx.storage, this.now());
  }

  /** The job that knows a delivery, or null when there is no such delivery. */
  async jobOfDelivery(id: string): Promise<string | null> {
    return this.#exists() ? this.#tables.deliveries.jobOf(id) : null;
  }

  async beginRequest(key: string, fingerprint: string): Promise<IdempotentRequest | { readonly state: 'closed' }> {
    return this.#isOpen() ? this.#tables.requests.begin(key, fingerprint, this.now()) : { state: 'closed' };
  }

  /** Keeps an answer that stands, or forgets a request that may be made anew. */
  async endRequest(key: string, answer: StoredAnswer | null): Promise<void> {
    if (!this.#isOpen()) {
      return;
    }
    if (answer) {
      this.#tables.requests.answered(key, answer);
    } else {
      this.#tables.requests.unanswered(key);
    }
  }

  async getConcept(id: string): Promise<ConceptRecord | null> {
    return this.#exists() ? this.#tables.concepts.get(id) : null;
  }

  async findConcept(contentHash: string): Promise<ConceptRecord | null> {
    return this.#isOpen() ? this.#tables.concepts.getByAlias(contentHash) : null;
  }

  /** `only` are the ids a caller may see, if not all. */
  async listConcepts(query: ListQuery, only: readonly string[] | null): Promise<Page<ConceptRecord>> {
    return this.#tables.concepts.list(query, ({ id }) => only?.includes(id) ?? true);
  }

  /** Stores a concept and that its job must start, or returns the one with the same content. Null when closed. */
  async createConcept(record: ConceptRecord, contentHash: string, job: NewJob): Promise<StoredConcept | null> {
    return this.#isOpen() ? createConcept(this.#parts, { record, contentHash, job }) : null;
  }

  /** Stores a concept that came as a file or by a share: nothing is left to encode. False when the account is closed. */
  async importConcept(
    record: ConceptRecord,
    origin: { share: string | null; idempotencyKey: string | null },
  ): Promise<boolean> {
    if (!this.#isOpen()) {
      return false;
    }
    await importConcept(this.#parts, record, origin);
    return true;
  }

  async updateConcept(id: string, changes: ConceptChanges): Promise<void> {
    updateConcept(this.#parts, id, changes);
  }

  async deleteConcept(id: string): Promise<void> {
    deleteConcept(this.#parts, id);
  }

  /** Makes a share, and has a sample of its concept drawn if it has none. False when there is no such concept any more. */
  async createShare(
    share: ShareRecord,
    options: { sample: NewGeneration | null; idempotencyKey: string | null },
  ): Promise<boolean> {
    return this.#isOpen() && createShare(this.#parts, share, options);
  }

  async getShare(conceptId: string, id: string): Promise<ShareRecord | null> {
    return this.#exists() ? this.#tables.shares.get(conceptId, id) : null;
  }

  /** Of one concept, or of all. */
  async listShares(conceptId: string | null, query: PageQuery): Promise<Page<ListedShare>> {
    return this.#tables.shares.list(conceptId, query);
  }

  /** False when there is no such share; else it is dead when this returns. */
  async revokeShare(conceptId: string, id: string): Promise<boolean> {
    return this.#exists() && (await revokeShare(this.#parts, conceptId, id));
  }

  /** Its owner does not see a share any more that the operator took down. */
  async forgetShare(id: string): Promise<void> {
    if (this.#exists()) {
      this.#tables.shares.delete(id);
    }
  }

  /** The picture that stands for a concept on the pages of its shares. */
  async getSample(conceptId: string): Promise<GenerationRecord | null> {
    return this.#exists() ? this.#tables.samples.getByAlias(conceptId) : null;
  }

  /** False when the account is closed. */
  async createGeneration(generation: NewGeneration): Promise<boolean> {
    if (!this.#isOpen()) {
      return false;
    }
    await createGeneration(this.#parts, generation);
    return true;
  }

  async getGeneration(id: string): Promise<GenerationRecord | null> {
    return this.#exists() ? this.#tables.generations.get(id) : null;
  }

  /** `only` are the concepts a caller may see, if not all. */
  async listGenerations(query: ListQuery, only: readonly string[] | null): Promise<Page<GenerationRecord>> {
    return this.#tables.generations.list(query, (record) => only === null || usesOnly(record, only));
  }

  async deleteGeneration(id: string): Promise<void> {
    deleteGeneration(this.#parts, id);
  }

  /** A job tells of every change of its status, at least once and in order. */
  async jobChanged(job: JobState, deliveryIds: readonly string[]): Promise<void> {
    if (this.#exists()) {
      jobChanged(this.#parts, job, deliveryIds);
    }
  }

  override async alarm(): Promise<void> {
    await runDueTasks(this.#parts);
  }

  #exists(): boolean {
    return exists(this.ctx.storage);
  }

  #isOpen(): boolean {
    return isOpen(this.ctx.storage);
  }
}
