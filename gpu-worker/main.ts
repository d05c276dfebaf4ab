import { fork } from 'node:child_process';
import { SQSClient } from '@aws-sdk/client-sqs';
import pino from 'pino';
import { CURRENT_MODEL_KEY } from '../shared/object-keys.ts';
import { readEnv } from './env.ts';
import { systemClock as clock } from './worker/clock.ts';
import { consume } from './worker/consumer.ts';
import { startEngine } from './worker/engine.ts';
import { createJobHandler } from './worker/handle-job.ts';
import { createSqsQueue } from './worker/job-queue.ts';
import { createR2ObjectStore } from './worker/object-store.ts';

const env = readEnv(process.env);
const log = pino();

const stop = new AbortController();
const onStop = () => stop.abort();
process.once('SIGTERM', onStop);
process.once('SIGINT', onStop);
process.once('disconnect', onStop); // when a launcher started this process and died

const store = createR2ObjectStore({
  endpoint: env.S3_ENDPOINT,
  bucket: env.S3_BUCKET,
  credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY },
});
const sqs = new SQSClient({ endpoint: env.SQS_ENDPOINT, region: env.AWS_REGION });
const queue = createSqsQueue(sqs, {
  queueUrl: env.QUEUE_URL,
  visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
  pollSeconds: env.POLL_SECONDS,
});

const engine = await startEngine({
  load: { type: 'load', modelDir: env.MODEL_DIR, provider: env.PROVIDER, threads: env.THREADS ?? null },
  fork: () => {
    const child = fork(new URL('engine/main.ts', import.meta.url), { serialization: 'advanced' });
    log.info({ enginePid: child.pid }, 'engine started');
    return child;
  },
  clock,
  log,
});
await store.put(CURRENT_MODEL_KEY, Buffer.from(JSON.stringify(engine.model)), 'application/json');
log.info({ model: engine.model.fingerprint, provider: env.PROVIDER }, 'ready');
process.send?.('ready'); // to a launcher that waits for it

const handle = createJobHandler({
  engine,
  store,
  edge: { origin: env.EDGE_ORIGIN, secret: env.WORKER_SIGNING_SECRET, fetch, clock },
  log,
});
const consumed = consume(queue, handle, {
  concurrency: env.CONCURRENCY,
  visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
  drainTimeoutMs: env.DRAIN_TIMEOUT_SECONDS * 1000,
  clock,
  log,
  stop: stop.signal,
});
engine.lost.catch((error) => {
  log.fatal({ err: error }, 'the engine cannot be brought up again');
  process.exitCode = 1;
  stop.abort();
});
await consumed;
await engine.stop();
log.info('drained');
process.exit();
