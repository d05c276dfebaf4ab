import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { answerOf, createClient } from '../../edge/client/create-client.ts';
import { shippedModel } from '../../gpu-worker/models/shipped-model.ts';
import { type Stack, startStack } from './stack.ts';

const PLAYGROUND_TOKEN_SECONDS = 7200; // the longest a client token lives

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

/** The playground with a client token in the fragment, which browsers keep to themselves; the key stays here. */
async function playgroundUrl({ url, apiKey }: Stack): Promise<string> {
  const client = createClient({ origin: url, token: apiKey });
  const { token } = await answerOf(
    client.POST('/v1/client-tokens', {
      body: {
        scopes: ['concepts:read', 'concepts:write', 'generations:read', 'generations:write', 'shares:write'],
        expires_in: PLAYGROUND_TOKEN_SECONDS,
      },
    }),
  );
  return `${url}/#token=${token}`;
}

async function announce(stack: Stack, json: boolean, modelDir: string): Promise<void> {
  const { url, apiKey, adminToken } = stack;
  if (json) {
    console.log(JSON.stringify({ url, api_key: apiKey, admin_token: adminToken }));
    return;
  }
  console.log(`
elite-edge is up at ${url}

  Playground, for two hours:
  ${await playgroundUrl(stack)}

  API key      ${apiKey}
  admin token  ${adminToken}

  curl -H 'Authorization: Bearer ${apiKey}' -F image=@photo.jpg '${url}/v1/concepts'
${modelDir === shippedModel ? '\nThe model that comes along knows toyland’s characters only; npm run demo leaves a photo of one in out/.\n' : ''}
Ctrl-C stops it; nothing is kept.
`);
}

/** Resolves when the stack has come down again. Standard output is for the address alone, the logs go to standard error. */
async function main(stop: AbortSignal): Promise<void> {
  const { json, port } = readArguments();
  const modelDir = process.env.MODEL_DIR || shippedModel;
  const stack = await startStack({ modelDir, port, write: console.error, signal: stop });
  try {
    await announce(stack, json, modelDir);
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
