import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Starts one of the launcher's programs as npm does, on the model that comes along unless told otherwise. */
export function startProgram(
  name: 'start' | 'demo',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const program = fileURLToPath(new URL(`../../infra/local/${name}.ts`, import.meta.url));
  const child = fork(program, args, {
    silent: true,
    execArgv: [],
    env: { ...process.env, MODEL_DIR: '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished: Promise<Finished> = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  return { child, finished, stdout: () => stdout };
}

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

/** Those that have died and whose parents have not asked yet how are left out. */
function processes(): Process[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , state]) => !state.startsWith('Z'))
    .map(([pid, parent, , ...command]) => ({ pid: Number(pid), parent: Number(parent), command: command.join(' ') }));
}

/** A process and all that it and they started. */
export function family(pid: number): number[] {
  const all = processes();
  const descend = (parent: number): number[] => [
    parent,
    ...all.filter((process) => process.parent === parent).flatMap((child) => descend(child.pid)),
  ];
  return descend(pid);
}

/** The commands of those that still run. */
export function alive(pids: readonly number[]): string[] {
  return processes()
    .filter(({ pid }) => pids.includes(pid))
    .map(({ command }) => command);
}
