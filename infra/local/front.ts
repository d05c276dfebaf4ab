import { randomBytes } from 'node:crypto';
import { BUCKET, s3Endpoint, startEdge } from './edge.ts';
import { freePort, LOOPBACK } from './free-port.ts';
import type { WriteLine } from './log-lines.ts';
import { stopProcess } from './managed-process.ts';
import { REGION, startQueueEmulator } from './queue-emulator.ts';

const EDGE_STOP_GRACE_MS = 5000;

export type FrontOptions = {
  readonly write: WriteLine; // log lines of the edge
  readonly port?: number; // any free one when left out
  /** Settings of edge/env.ts that differ from a local edge's own. */
  readonly settings?: Readonly<Record<string, string>>;
};

export type LocalBucket = {
  readonly url: string; // keys follow after a slash
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** What clients meet, with all it needs but a worker: the edge, its bucket and its queue. */
export type Front = {
  readonly url: string;
  readonly apiKey: string;
  readonly adminToken: string;
  /** The S3 door to the bucket, for who wants to look into it. */
  readonly bucket: LocalBucket;
  /** The settings with which a worker finds the queue, the bucket and the edge. */
  readonly workerSettings: Readonly<Record<string, string>>;
  /** Ends the processes and keeps nothing. */
  stop(): Promise<void>;
};

const newSecret = () => randomBytes(32).toString('base64url');

/** Starts queue and edge on loopback. When that fails, nothing stays behind. */
export async function startFront({ write, port, settings }: FrontOptions): Promise<Front> {
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
    ...settings,
  };
  const edge = await startEdge({ port: edgePort, bindings, s3Credentials }, write);
  started.defer(() => stopProcess(edge, EDGE_STOP_GRACE_MS));

  const workerSettings = {
    ...queueSettings,
    QUEUE_URL: queue.queueUrl,
    S3_ENDPOINT: s3Endpoint(url),
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    EDGE_ORIGIN: url,
    WORKER_SIGNING_SECRET: signingSecret,
  };
  const running = started.move();
  const bucket = { url: `${s3Endpoint(url)}/${BUCKET}`, credentials: s3Credentials };
  return { url, apiKey, adminToken, bucket, workerSettings, stop: () => running.disposeAsync() };
}
