#!/usr/bin/env node
import { runCli } from './cli/run-cli.ts';

/** What the arithmetic needs of JavaScript; a published command runs on whatever Node its user has. */
const NEEDED_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED_NODE) {
  process.stderr.write(`elite: expected Node ${NEEDED_NODE} or newer, got ${process.version}\n`);
  process.exit(1);
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()); // a second one ends the process at once
process.once('SIGTERM', () => interrupted.abort());

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1)); // elite inspect … | head

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
});
