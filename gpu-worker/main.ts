import { fork } from 'node:child_process';
import { SQSClient } from '@aws-sdk/client-sqs';
import pino from 'pino';
import { CURRENT_MODEL_KEY } from '../shared/object-keys.ts';
import { readEnv, type WorkerEnv } from './env.ts';
import { systemClock as clock } from './worker/clock.ts';
import { consume } from './worker/consumer.ts';
import { type Engine, startEngine } from './worker/engine.ts';
import { createJobHandler } from './worker/handle-job.ts';
import { createSqsQueue, type JobQueue } from './worker/job-queue.ts';
import { createR2ObjectStore, type ObjectStore } from './worker/object-store.ts';

const log = pino();

function connectQueue(env: WorkerEnv): JobQueue {
  return createSqsQueue(new SQSClient({ endpoint: env.SQS_ENDPOINT, region: env.AWS_REGION }), {
    queueUrl: env.QUEUE_URL,
    visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
    pollSeconds: env.POLL_SECONDS,
  });
}

function connectStore(env: WorkerEnv): ObjectStore {
  return createR2ObjectStore({
    endpoint: env.S3_ENDPOINT,
    bucket: env.S3_BUCKET,
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY },
  });
}

function loadEngine(env: WorkerEnv): Promise<Engine> {
  return startEngine({
    load: {
      type: 'load',
      modelDir: env.MODEL_DIR,
      provider: env.PROVIDER ?? null,
      threads: env.THREADS ?? null,
      safetyChecker: env.SAFETY_CHECKER === 'on',
    },
    fork: () => {
      const child = fork(new URL('engine/main.ts', import.meta.url), { serialization: 'advanced' });
      log.info({ enginePid: child.pid }, 'engine started');
      return child;
    },
    clock,
    log,
  });
}

/** Serves the queue until told to stop, or until the engine cannot be brought up again. */
async function serve(env: WorkerEnv, stop: AbortController): Promise<void> {
  const store = connectStore(env);
  const engine = await loadEngine(env);
  await store.put(CURRENT_MODEL_KEY, Buffer.from(JSON.stringify(engine.model)), 'application/json');
  log.info({ model: engine.model.fingerprint }, 'ready');
  process.send?.('ready'); // to a launcher that waits for it

  engine.lost.catch((error) => {
    log.fatal({ err: error }, 'the engine cannot be brought up again');
    process.exitCode = 1;
    stop.abort();
  });
  const edge = { origin: env.EDGE_ORIGIN, secret: env.WORKER_SIGNING_SECRET, fetch, clock };
  await consume(connectQueue(env), createJobHandler({ engine, store, edge, log }), {
    concurrency: env.CONCURRENCY,
    visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
    drainTimeoutMs: env.DRAIN_TIMEOUT_SECONDS * 1000,
    clock,
    log,
    stop: stop.signal,
  });
  await engine.stop();
  log.info('drained');
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.once('SIGINT', () => stop.abort());
process.once('disconnect', () => stop.abort()); // when a launcher started this process and died
try {
  await serve(readEnv(process.env), stop);
  process.exit();
} catch (error) {
  log.fatal({ err: error }, 'the worker cannot go on');
  process.exit(1);
}
