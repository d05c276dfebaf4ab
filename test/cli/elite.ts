import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from '../../gpu-worker/cli/run-cli.ts';

type Outcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs one command line of `elite` and collects what it writes. */
export async function elite(
  args: readonly string[],
  { env = {}, signal = new AbortController().signal }: { env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = Promise.all([text(stdout), text(stderr)]);
  const exitCode = await runCli(args, { stdout, stderr, env, signal });
  stdout.end();
  stderr.end();
  const [out, err] = await written;
  return { exitCode, stdout: out, stderr: err };
}
