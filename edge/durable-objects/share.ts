import { DurableObject } from 'cloudflare:workers';
import type { EdgeEnv } from '../env.ts';
import { createRateLimiter, type TakenFromLimit } from './rate-limiter.ts';
import {
  hasExpired,
  type ShareEnd,
  type ShareStanding,
  type ShareTerms,
  type UseVerdict,
} from './share/share-terms.ts';
import { createUseTable } from './share/use-table.ts';

/** How long a use counts that was reserved for something of which nothing more was heard. */
const RESERVATION_MS = 10 * 60_000;

/** More reports of one share tell the operator nothing new. */
const MAX_REPORTS = 100;

/**
 * One shared concept, named by the hash of the token in its URL: what it grants, whether it still does, and how often
 * it was used. Whoever would use it asks here, so that a revocation holds from the moment it is stored.
 */
export class Share extends DurableObject<EdgeEnv> {
  /** Replaced by tests. */
  now: () => number = Date.now;

  readonly #uses;
  readonly #limiter = createRateLimiter();

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#uses = createUseTable(ctx.storage.sql);
  }

  /** Repeating it changes nothing, also once the share has ended. */
  async open(terms: ShareTerms): Promise<void> {
    if (this.#terms() !== 'unknown') {
      return;
    }
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put('terms', terms);
      this.#uses.create();
    });
  }

  /** Takes a request from what a client's address may make in a minute. Nothing of the address is stored. */
  async takeRequest(address: string, quota: number): Promise<TakenFromLimit> {
    return this.#limiter.take('address', address, quota, this.now());
  }

  /** How the share stands; asking stores nothing, also where there is none. */
  async standing(): Promise<ShareStanding> {
    const terms = this.#terms();
    if (typeof terms === 'string') {
      return { standing: terms };
    }
    const nowMs = this.now();
    return hasExpired(terms, nowMs)
      ? { standing: 'expired' }
      : { standing: 'alive', terms, uses: this.#uses.count(nowMs) };
  }

  /** How often it was used, also once it has expired. */
  async uses(): Promise<number> {
    return typeof this.#terms() === 'object' ? this.#uses.count(this.now()) : 0;
  }

  /** Counts a use for now. It lapses unless it is confirmed. Repeating it changes nothing. */
  async reserve(useId: string): Promise<UseVerdict> {
    return this.#count(useId, this.now() + RESERVATION_MS);
  }

  /**
   * Counts a use for good, reserved or not. A confirmed one stays so when the share expires, but not when it is
   * revoked: asked again, this tells whether what it was for may still begin.
   */
  async confirm(useId: string): Promise<UseVerdict> {
    return this.#count(useId, null);
  }

  async giveBack(useId: string): Promise<void> {
    if (typeof this.#terms() === 'object') {
      this.#uses.delete(useId);
    }
  }

  /** Ends the share for good and forgets what it was of. */
  async revoke(): Promise<void> {
    if (typeof this.#terms() === 'object') {
      this.#end('revoked');
    }
  }

  /** The same by the operator, who has the last word: also of a share that its owner has revoked. */
  async takeDown(): Promise<void> {
    if (this.#terms() !== 'unknown') {
      this.#end('taken_down');
    }
  }

  /** Whether one more report of abuse is worth keeping. */
  async countReport(): Promise<boolean> {
    const reports = this.ctx.storage.kv.get<number>('reports') ?? 0;
    if (reports >= MAX_REPORTS) {
      return false;
    }
    this.ctx.storage.kv.put('reports', reports + 1);
    return true;
  }

  #count(useId: string, lapsesAtMs: number | null): UseVerdict {
    const terms = this.#terms();
    if (typeof terms === 'string') {
      return terms;
    }
    const nowMs = this.now();
    if (this.#uses.isConfirmed(useId)) {
      return 'counted';
    }
    this.#uses.dropLapsed(nowMs);
    if (!this.#uses.has(useId)) {
      if (hasExpired(terms, nowMs)) {
        return 'expired';
      }
      if (terms.maxUses !== null && this.#uses.count(nowMs) >= terms.maxUses) {
        return 'used_up';
      }
    }
    this.#uses.put(useId, lapsesAtMs);
    return 'counted';
  }

  #end(end: ShareEnd): void {
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.delete('terms');
      this.ctx.storage.kv.put('ended', end);
      this.#uses.drop();
    });
  }

  #terms(): ShareTerms | 'unknown' | ShareEnd {
    const { kv } = this.ctx.storage;
    return kv.get<ShareTerms>('terms') ?? kv.get<ShareEnd>('ended') ?? 'unknown';
  }
}
