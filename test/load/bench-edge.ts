import { randomBytes } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { BUCKET, s3Endpoint, startEdge } from '../../infra/local/edge.ts';
import { freePort, LOOPBACK } from '../../infra/local/free-port.ts';
import { stopProcess } from '../../infra/local/managed-process.ts';
import { REGION, startQueueEmulator } from '../../infra/local/queue-emulator.ts';
import { writeConceptFile } from '../../shared/concept-file.ts';
import { CURRENT_MODEL_KEY } from '../../shared/object-keys.ts';
import { testModel } from '../shared/test-model.ts';

/**
 * What the edge costs: generations created and polled a second, against a Hono app that says hello on the same
 * workerd. One machine runs the client, the edge and its queue, so the ratio says more than the rates.
 */

const REQUESTS = 400;
const IN_FLIGHT = 8;

/** Requests a second, `IN_FLIGHT` at a time, after a tenth of them to warm up. */
async function rateOf(request: (i: number) => Promise<Response>, expectedStatus: number): Promise<number> {
  async function run(count: number): Promise<void> {
    let next = 0;
    async function oneAfterTheOther(): Promise<void> {
      while (next < count) {
        const response = await request(next++);
        await response.arrayBuffer();
        if (response.status !== expectedStatus) {
          throw new Error(`expected status ${expectedStatus}, got ${response.status}`);
        }
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, oneAfterTheOther));
  }
  await run(REQUESTS / 10);
  const startedAtMs = performance.now();
  await run(REQUESTS);
  return REQUESTS / ((performance.now() - startedAtMs) / 1000);
}

async function startHello(): Promise<Miniflare> {
  const source = `import { Hono } from 'hono'; export default new Hono().get('/', (c) => c.json({ hello: 'world' }))`;
  const stdin = { contents: source, resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'esm', minify: true });
  const modules = [{ type: 'ESModule' as const, path: 'hello.js', contents: outputFiles[0].text }];
  const hello = new Miniflare(
    convertV4MiniflareOptions({ modules, host: LOOPBACK, port: 0, cf: false, compatibilityDate: '2026-10-01' }),
  );
  await hello.ready;
  return hello;
}

const secret = () => randomBytes(32).toString('base64url');

export async function benchEdge(): Promise<void> {
  await using started = new AsyncDisposableStack();
  const queue = await startQueueEmulator();
  started.defer(queue.stop);
  const port = await freePort();
  const url = `http://${LOOPBACK}:${port}`;
  const apiKey = secret();
  const s3Credentials = { accessKeyId: 'local', secretAccessKey: secret() };
  const bindings = {
    ENVIRONMENT: 'local',
    PUBLIC_ORIGIN: url,
    SQS_ENDPOINT: queue.endpoint,
    SQS_QUEUE_URL: queue.queueUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: queue.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: queue.credentials.secretAccessKey,
    R2_S3_ENDPOINT: s3Endpoint(url),
    R2_BUCKET_NAME: BUCKET,
    R2_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    R2_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    WORKER_SIGNING_SECRET: secret(),
    TOKEN_SIGNING_SECRET: secret(),
    ADMIN_TOKEN: secret(),
    BOOTSTRAP_API_KEY: apiKey,
    RATE_LIMIT_PER_KEY: '1000000',
    LOG_REQUESTS: 'false',
  };
  const edge = await startEdge({ port, bindings, s3Credentials }, () => {});
  started.defer(() => stopProcess(edge, 5000));
  const hello = await startHello();
  started.defer(() => hello.dispose());

  const s3 = new S3Client({
    endpoint: s3Endpoint(url),
    region: 'auto',
    forcePathStyle: true,
    credentials: s3Credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: CURRENT_MODEL_KEY, Body: JSON.stringify(testModel) }));
  s3.destroy();

  const Authorization = `Bearer ${apiKey}`;
  const { words: wordCount, embedding, fingerprint: model } = testModel;
  const file = writeConceptFile({
    ...{ ...embedding, wordCount, model },
    words: new Float32Array(wordCount * embedding.dim),
    local: new Float32Array(embedding.patches * embedding.dim),
  });
  const octets = { Authorization, 'Content-Type': 'application/octet-stream' };
  const imported = await fetch(`${url}/v1/concepts/import`, {
    method: 'POST',
    body: Buffer.from(file),
    headers: octets,
  });
  const { id: concept } = (await imported.json()) as { id: string };

  const body = JSON.stringify({ prompt: 'a S* in the snow', concepts: [{ concept }] });
  const headers = { Authorization, 'Content-Type': 'application/json' };
  const create = () => fetch(`${url}/v1/generations`, { method: 'POST', body, headers });
  const { id } = (await (await create()).json()) as { id: string };
  const helloUrl = await hello.ready;

  const rates = {
    hello: await rateOf(() => fetch(helloUrl), 200),
    poll: await rateOf(() => fetch(`${url}/v1/generations/${id}`, { headers }), 200),
    create: await rateOf(create, 202),
  };
  for (const [name, rate] of Object.entries(rates)) {
    console.log(
      `${name.padEnd(8)} ${rate.toFixed(0).padStart(6)} requests/s   ${(rate / rates.hello).toFixed(3)} of hello`,
    );
  }
}
