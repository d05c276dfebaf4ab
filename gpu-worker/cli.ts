#!/usr/bin/env node
import { runCli } from './cli/run-cli.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort()); // a second one ends the process at once
process.once('SIGTERM', () => interrupted.abort());

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
});
