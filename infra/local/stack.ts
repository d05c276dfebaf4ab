import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelDescriptionSchema } from '../../shared/model-description.ts';
import { BUCKET, s3Endpoint, startEdge } from './edge.ts';
import { freePort, LOOPBACK } from './free-port.ts';
import type { WriteLine } from './log-lines.ts';
import { stopProcess } from './managed-process.ts';
import { REGION, startQueueEmulator } from './queue-emulator.ts';
import { type LocalWorker, startWorker } from './worker.ts';

const READY_POLL_MS = 100;
const EDGE_STOP_GRACE_MS = 5000;

export type StackOptions = {
  readonly modelDir: string;
  readonly write: WriteLine; // log lines of all processes
  readonly port?: number; // any free one when left out
  readonly signal?: AbortSignal; // gives up starting
};

export type LocalBucket = {
  readonly url: string; // keys follow after a slash
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** The whole system on this machine. */
export type Stack = {
  readonly url: string;
  readonly apiKey: string;
  readonly adminToken: string;
  /** The S3 door to the bucket, for who wants to look into it. */
  readonly bucket: LocalBucket;
  readonly worker: LocalWorker;
  /** Ends every process, the worker first, so that it can hand back what it holds. Nothing is kept. */
  stop(): Promise<void>;
};

/** A queue on loopback costs nothing to ask, and a killed worker or a Ctrl-C should not take long to see. */
const QUICK_TO_NOTICE = { VISIBILITY_TIMEOUT_SECONDS: '10', POLL_SECONDS: '1', DRAIN_TIMEOUT_SECONDS: '10' };

const modelListSchema = z.object({ data: z.array(modelDescriptionSchema) });

const newSecret = () => randomBytes(32).toString('base64url');

/** Starts queue, edge and worker on loopback; resolves when a model is announced. When that fails, nothing stays behind. */
export async function startStack({ modelDir, write, port, signal }: StackOptions): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const edgePort = port ?? (await freePort());
  const url = `http://${LOOPBACK}:${edgePort}`;
  const [apiKey, adminToken, signingSecret] = [newSecret(), newSecret(), newSecret()];
  const s3Credentials = { accessKeyId: 'local', secretAccessKey: newSecret() };

  const queue = await startQueueEmulator();
  started.defer(queue.stop);
  const queueSettings = {
    SQS_ENDPOINT: queue.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: queue.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: queue.credentials.secretAccessKey,
  };

  const bindings = {
    ...queueSettings,
    SQS_QUEUE_URL: queue.queueUrl,
    R2_S3_ENDPOINT: s3Endpoint(url),
    R2_BUCKET_NAME: BUCKET,
    R2_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    R2_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    ENVIRONMENT: 'local',
    PUBLIC_ORIGIN: url,
    WORKER_SIGNING_SECRET: signingSecret,
    TOKEN_SIGNING_SECRET: newSecret(),
    ADMIN_TOKEN: adminToken,
    BOOTSTRAP_API_KEY: apiKey,
  };
  const edge = await startEdge({ port: edgePort, bindings, s3Credentials }, write);
  started.defer(() => stopProcess(edge, EDGE_STOP_GRACE_MS));

  signal?.throwIfAborted();
  const workerSettings = {
    ...queueSettings,
    QUEUE_URL: queue.queueUrl,
    S3_ENDPOINT: s3Endpoint(url),
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    EDGE_ORIGIN: url,
    WORKER_SIGNING_SECRET: signingSecret,
    MODEL_DIR: modelDir,
    ...QUICK_TO_NOTICE,
  };
  const worker = startWorker({ env: workerSettings, write, signal });
  started.defer(worker.stop);
  await worker.ready;
  await modelAnnounced(url, signal);

  const running = started.move();
  const bucket = { url: `${s3Endpoint(url)}/${BUCKET}`, credentials: s3Credentials };
  return { url, apiKey, adminToken, bucket, worker, stop: () => running.disposeAsync() };
}

/** The edge may take a moment to see what the worker announces. */
async function modelAnnounced(url: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(new URL('/v1/models', url), { signal });
    const models = response.ok ? modelListSchema.parse(await response.json()).data : [];
    if (models.length > 0) {
      return;
    }
    await sleep(READY_POLL_MS, undefined, { signal });
  }
}
