import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Terminal } from './terminal.ts';

/** Where toyland is trained, and what its training leaves: the folder that is named, ELITE_TRAIN_DIR, or one in the user's cache. */
export function toylandFolder(named: string | undefined, { env }: Terminal): string {
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'elite-edge');
  return join(resolve(named ?? env.ELITE_TRAIN_DIR ?? cache), 'toyland');
}
