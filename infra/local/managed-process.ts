import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { mergeLines, type WriteLine } from './log-lines.ts';

export type ProcessOptions = {
  readonly name: string;
  readonly module: URL;
  readonly env?: Readonly<Record<string, string>>;
  readonly write: WriteLine;
};

/**
 * Starts a module as a process of its own, its output merged into ours. Detached: Ctrl-C goes to the launcher alone, which ends the processes
 * in order; and each ends by itself when the channel to a launcher that died is closed.
 */
export function startProcess({ name, module, env, write }: ProcessOptions): ChildProcess {
  const child = fork(module, { detached: true, silent: true, execArgv: [], env: { ...process.env, ...env } });
  mergeLines(name, child.stdout as Readable, write);
  mergeLines(name, child.stderr as Readable, write);
  return child;
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Asks a process to end, makes it after a while, and resolves when it has. */
export async function stopProcess(child: ChildProcess, graceMs: number): Promise<void> {
  if (hasExited(child)) {
    return;
  }
  const exited = once(child, 'exit');
  const ended = new AbortController();
  child.kill('SIGTERM');
  sleep(graceMs, undefined, { signal: ended.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  await exited;
  ended.abort();
}
