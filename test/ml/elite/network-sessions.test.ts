import { expect, it } from 'vitest';
import { networkSessions } from '../../../gpu-worker/ml/elite/network-sessions.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import type { OpenSession } from '../../../gpu-worker/ml/runtime/session.ts';

const SQUARE = { width: 64, height: 64 };
const WIDE = { width: 96, height: 64 };

it('a graph is opened once a picture size, and tried again where it could not be', async () => {
  const opened: string[] = [];
  let isMemoryFull = true;
  const openSession: OpenSession = async ({ name }) => {
    opened.push(name);
    if (name === '96' && isMemoryFull) throw new Error('out of memory');
    return { name, run: async () => ({}), release: async () => {} };
  };
  const sessions = networkSessions(new Map(), { openSession });
  const sessionOf = sessions.openBySize(({ width }) => new Graph(String(width)), [1]);

  expect((await Promise.all([sessionOf(SQUARE), sessionOf(SQUARE)])).map(({ name }) => name)).toEqual(['64', '64']);
  await expect(sessionOf(WIDE)).rejects.toThrow('out of memory');
  isMemoryFull = false;
  expect((await sessionOf(WIDE)).name).toBe('96');
  expect(opened).toEqual(['64', '96', '96']);
});
