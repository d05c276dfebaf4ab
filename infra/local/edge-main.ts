import { fileURLToPath } from 'node:url';
import { build, stop as stopEsbuild } from 'esbuild';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readWranglerConfig } from 'wrangler';
import { buildAssets } from '../assets/build-assets.ts';
import { BUCKET, type EdgeOptions } from './edge.ts';
import { LOOPBACK } from './free-port.ts';

const WRANGLER_CONFIG = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** As wrangler bundles a Worker. */
async function bundle(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.html': 'text', '.txt': 'text' },
  });
  await stopEsbuild();
  return outputFiles[0].text;
}

async function start({ port, bindings, s3Credentials }: EdgeOptions): Promise<Miniflare> {
  await buildAssets();
  const { workerOptions, main } = readWranglerConfig(WRANGLER_CONFIG);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...workerOptions,
      modules: [{ type: 'ESModule', path: 'worker.js', contents: await bundle(main ?? '') }],
      bindings: { ...(workerOptions.bindings as object), ...bindings },
      r2Buckets: { BUCKET: { id: BUCKET, s3Credentials } },
      host: LOOPBACK,
      port,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.INFO, { prefix: 'edge' }),
      handleStructuredLogs: ({ message }) => console.log(message),
    }),
  );
  await miniflare.ready;
  return miniflare;
}

process.once('message', async (options: EdgeOptions) => {
  const miniflare = await start(options);
  const stop = async () => {
    await miniflare.dispose();
    process.exit();
  };
  // Miniflare's own handlers would end the process before it is done with its temporary files.
  process.removeAllListeners('SIGTERM');
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  process.send?.('ready');
});
