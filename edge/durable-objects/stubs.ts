import type { EdgeEnv } from '../env.ts';
import type { Account } from './account.ts';
import type { Job } from './job.ts';
import type { Reports } from './reports.ts';
import type { Share } from './share.ts';

/**
 * The methods of a Durable Object as its callers see them. Only plain data crosses, so the methods' own types hold;
 * the platform's generic types for stubs turn JSON values into `never`.
 */
type Remote<T> = {
  [name in keyof T as T[name] extends (...args: never[]) => Promise<unknown> ? name : never]: T[name];
};

export function accountOf(env: EdgeEnv, accountId: string): Remote<Account> {
  return env.ACCOUNT.getByName(accountId) as unknown as Remote<Account>;
}

export function jobOf(env: EdgeEnv, jobId: string): Remote<Job> {
  return env.JOB.getByName(jobId) as unknown as Remote<Job>;
}

/** There is one for the whole service. */
export function reportsOf(env: EdgeEnv): Remote<Reports> {
  return env.REPORTS.getByName('reports') as unknown as Remote<Reports>;
}

/** Shares are called by the hash of their token. */
export function shareOf(env: EdgeEnv, name: string): Remote<Share> {
  return env.SHARE.getByName(name) as unknown as Remote<Share>;
}
