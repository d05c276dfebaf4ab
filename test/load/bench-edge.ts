import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { LOOPBACK } from '../../infra/local/free-port.ts';
import { conceptFile, startTestFront } from '../http/test-front.ts';

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

export async function benchEdge(): Promise<void> {
  await using started = new AsyncDisposableStack();
  const { url, apiKey, stop } = await startTestFront();
  started.defer(stop);
  const hello = await startHello();
  started.defer(() => hello.dispose());

  const Authorization = `Bearer ${apiKey}`;
  const octets = { Authorization, 'Content-Type': 'application/octet-stream' };
  const imported = await fetch(`${url}/v1/concepts/import`, {
    method: 'POST',
    body: Buffer.from(conceptFile()),
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
