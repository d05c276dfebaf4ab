import { env, runInDurableObject } from 'cloudflare:test';
import { type AccountParts, createAccountParts } from '../../../edge/durable-objects/account/account-parts.ts';
import { openAccount } from '../../../edge/durable-objects/account/open-account.ts';
import type { ConceptRecord } from '../../../edge/durable-objects/account/records.ts';
import type { EdgeEnv } from '../../../edge/env.ts';
import { newId } from '../../../shared/ids.ts';

export type InAccount = {
  readonly accountId: string;
  readonly parts: AccountParts;
  /** The same account as it would come to life again some time later, with the bindings as they are. */
  after(ms: number): AccountParts;
};

/** Works inside a new account, with bindings of the test's own for some of the Worker's. */
export async function inAccount(
  bindings: (account: InAccount) => { [name in keyof EdgeEnv]?: unknown },
  work: (account: InAccount) => Promise<void>,
): Promise<void> {
  const accountId = newId('account', Date.now());
  await runInDurableObject(env.ACCOUNT.getByName(accountId), async (_, state) => {
    const account: InAccount = {
      accountId,
      get parts() {
        return parts;
      },
      after: (ms) => createAccountParts(state, env, () => Date.now() + ms),
    };
    const parts = createAccountParts(state, { ...env, ...bindings(account) } as EdgeEnv, Date.now);
    openAccount(parts, accountId, { id: newId('key', Date.now()), hash: new ArrayBuffer(32), name: null });
    await work(account);
  });
}

export function conceptRecord(changes: Partial<ConceptRecord> = {}): ConceptRecord {
  const nowMs = Date.now();
  return {
    id: newId('concept', nowMs),
    endUser: null,
    status: 'queued',
    name: null,
    category: null,
    metadata: {},
    model: 'm',
    maskSource: 'none',
    copiedFrom: null,
    createdAtMs: nowMs,
    expiresAtMs: null,
    startedAtMs: null,
    endedAtMs: null,
    result: null,
    error: null,
    ...changes,
  };
}
