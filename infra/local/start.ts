import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { localModel } from './local-model.ts';
import { type Stack, startStack } from './stack.ts';

const USAGE = 'npm start [-- --json] [--port N]';

function readArguments(): { json: boolean; port?: number } {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, port: { type: 'string' } } });
  if (values.port === undefined) {
    return { json: values.json };
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`--port: expected 1 to 65535, got ${values.port}; usage: ${USAGE}`);
  }
  return { json: values.json, port };
}

function announce({ url, apiKey, adminToken }: Stack, json: boolean, caveat: string | null): void {
  if (json) {
    console.log(JSON.stringify({ url, api_key: apiKey, admin_token: adminToken }));
    return;
  }
  console.log(`
elite-edge is up at ${url}

  API key      ${apiKey}
  admin token  ${adminToken}

  curl -H 'Authorization: Bearer ${apiKey}' -F image=@photo.jpg '${url}/v1/concepts'
${caveat ? `\n${caveat}\n` : ''}
Ctrl-C stops it; nothing is kept.
`);
}

/** Resolves when the stack has come down again. Standard output is for the address alone, the logs go to standard error. */
async function main(stop: AbortSignal): Promise<void> {
  const { json, port } = readArguments();
  const { modelDir, caveat } = localModel(process.env);
  const stack = await startStack({ modelDir, port, write: console.error, signal: stop });
  try {
    announce(stack, json, caveat);
    if (!stop.aborted) {
      await once(stop, 'abort');
    }
  } finally {
    await stack.stop();
  }
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
}
try {
  await main(stop.signal);
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
