import { z } from 'zod';
import { PROVIDERS } from './engine/protocol.ts';

const seconds = z.coerce.number().int();

const SWITCH = ['on', 'off'] as const;

/** Names what came, which zod does not, for settings that hold no secret. */
function oneOf(names: readonly string[]) {
  return { error: ({ input }: { input: unknown }) => `expected ${names.join(' or ')}, got ${input}` };
}

const envSchema = z.object({
  QUEUE_URL: z.url(),
  /** Only where the queue is not AWS's own. Region and credentials of SQS come by the SDK's usual ways. */
  SQS_ENDPOINT: z.url().optional(),
  AWS_REGION: z.string(),

  S3_ENDPOINT: z.url(),
  S3_BUCKET: z.string(),
  S3_ACCESS_KEY_ID: z.string(),
  S3_SECRET_ACCESS_KEY: z.string(),

  EDGE_ORIGIN: z.url(),
  WORKER_SIGNING_SECRET: z.string().min(32),

  MODEL_DIR: z.string(),
  /** What the model was built for when left out: the processor, unless it was built for CUDA. */
  PROVIDER: z.enum(PROVIDERS, oneOf(PROVIDERS)).optional(),
  /** Of one operator in the engine; one per core when left out. */
  THREADS: z.coerce.number().int().positive().optional(),
  /** `off` leaves pictures unjudged where the model has a safety checker. */
  SAFETY_CHECKER: z.enum(SWITCH, oneOf(SWITCH)).default('on'),

  /** Jobs held at once; the engine runs their steps together. */
  CONCURRENCY: z.coerce.number().int().positive().default(4),
  VISIBILITY_TIMEOUT_SECONDS: seconds.min(3).default(60),
  POLL_SECONDS: seconds.min(1).max(20).default(20),
  /** After SIGTERM. A container service kills after 30 s unless told otherwise, and the poll under way comes first. */
  DRAIN_TIMEOUT_SECONDS: seconds.min(0).default(25),
});

export type WorkerEnv = z.infer<typeof envSchema>;

/** A variable that is set to nothing counts as left out. Throws an error that names every variable that is missing or wrong. */
export function readEnv(variables: NodeJS.ProcessEnv): WorkerEnv {
  const env = envSchema.safeParse(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')));
  if (!env.success) {
    throw new Error(`expected the worker's settings in the environment:\n${z.prettifyError(env.error)}`);
  }
  return env.data;
}
