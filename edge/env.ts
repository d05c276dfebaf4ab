import { z } from 'zod';
import type { Account } from './durable-objects/account.ts';
import type { Job } from './durable-objects/job.ts';
import type { Reports } from './durable-objects/reports.ts';
import type { Share } from './durable-objects/share.ts';

/** What wrangler.toml, the secrets and the local launcher bind. The strings are unchecked until `settingsOf`. */
export type EdgeEnv = {
  readonly BUCKET: R2Bucket;
  readonly ACCOUNT: DurableObjectNamespace<Account>;
  readonly JOB: DurableObjectNamespace<Job>;
  readonly SHARE: DurableObjectNamespace<Share>;
  readonly REPORTS: DurableObjectNamespace<Reports>;
} & { readonly [name in keyof z.input<typeof settingsSchema>]: string };

const secretSchema = z.string().min(32, 'must have at least 32 characters');

const settingsSchema = z.object({
  ENVIRONMENT: z.enum(['local', 'staging', 'production']),
  /** Where clients reach the service: links and signed URLs begin with it. */
  PUBLIC_ORIGIN: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  SQS_ENDPOINT: z.url(),
  SQS_QUEUE_URL: z.url(),
  AWS_REGION: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  /** R2's S3 door, as clients reach it: they PUT large photos there. */
  R2_S3_ENDPOINT: z.url(),
  R2_BUCKET_NAME: z.string().min(1),
  R2_ACCESS_KEY_ID: z.string().min(1),
  R2_SECRET_ACCESS_KEY: z.string().min(1),
  /** Shared with the workers: signs their events. */
  WORKER_SIGNING_SECRET: secretSchema,
  /** The edge's own: signs URLs and client tokens. */
  TOKEN_SIGNING_SECRET: secretSchema,
  /** Looks up the hosts that users have us call, before we do. */
  DNS_OVER_HTTPS_URL: z.url().default('https://cloudflare-dns.com/dns-query'),
  /** Bearer token of the operator: creates accounts, sees to reports of abuse. */
  ADMIN_TOKEN: secretSchema,
  /** Requests a minute. */
  RATE_LIMIT_PER_KEY: z.coerce.number().int().min(1).default(600),
  RATE_LIMIT_PER_END_USER: z.coerce.number().int().min(1).default(60),
  /** Of one client's address at one share's URL. */
  RATE_LIMIT_PER_ADDRESS: z.coerce.number().int().min(1).default(120),
  /** Event streams and waits of one key, its client tokens' with them, that may be open at a time. */
  HELD_LIMIT_PER_KEY: z.coerce.number().int().min(1).default(100),
  /** Whether each request is a line of the log. */
  LOG_REQUESTS: z.stringbool().default(true),
  /** Only for ENVIRONMENT=local: an API key that works without an account having been created. */
  BOOTSTRAP_API_KEY: secretSchema.optional(),
});

export type Settings = z.output<typeof settingsSchema>;

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const parsed = new WeakMap<object, Settings>();

/** The checked settings; throws SettingsError naming every variable that is missing or wrong. */
export function settingsOf(env: EdgeEnv): Settings {
  const known = parsed.get(env);
  if (known) {
    return known;
  }
  const result = settingsSchema
    .refine((settings) => settings.ENVIRONMENT === 'local' || settings.BOOTSTRAP_API_KEY === undefined, {
      path: ['BOOTSTRAP_API_KEY'],
      message: 'is for ENVIRONMENT=local only',
    })
    .safeParse(env);
  if (!result.success) {
    throw new SettingsError(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  parsed.set(env, result.data);
  return result.data;
}
