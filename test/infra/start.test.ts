import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { freePort } from '../../infra/local/free-port.ts';
import { alive, family, startProgram } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

/** `npm start -- --json`, up. */
async function up(args: readonly string[] = []) {
  const program = startProgram('start', ['--json', ...args]);
  await Promise.race([
    once(program.child.stdout ?? program.child, 'data'),
    program.finished.then(({ stderr }) => {
      throw new Error(`expected the stack to start, it ended:\n${stderr}`);
    }),
  ]);
  const pids = family(program.child.pid ?? 0);
  return { ...program, pids, address: JSON.parse(program.stdout()) };
}

test('the stack says where it is in one line, answers there, and leaves nothing behind after Ctrl-C', async () => {
  const port = await freePort();
  const { address, child, finished, pids } = await up(['--port', String(port)]);
  expect(address).toEqual({
    url: `http://127.0.0.1:${port}`,
    api_key: expect.stringMatching(/^.{32,}$/),
    admin_token: expect.stringMatching(/^.{32,}$/),
  });
  expect((await fetch(`${address.url}/healthz`)).status).toBe(200);
  const authorization = `Bearer ${address.api_key}`;
  expect((await fetch(`${address.url}/v1/concepts`, { headers: { authorization } })).status).toBe(200);
  expect(pids.length).toBeGreaterThanOrEqual(5); // launcher, edge, workerd, worker, engine

  child.kill('SIGINT');
  const { code, stdout } = await finished;
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(alive(pids)).toEqual([]);
  await expect(fetch(`${address.url}/healthz`)).rejects.toThrow();
});

test('no process outlives a launcher that is killed', async () => {
  const { child, pids } = await up();
  child.kill('SIGKILL');
  await expect.poll(() => alive(pids), { timeout: 60_000, interval: 200 }).toEqual([]);
});

test('a model that cannot be loaded is the end of it, with the cause', async () => {
  const { finished } = startProgram('start', [], { MODEL_DIR: 'no/such/folder' });
  const { code, stderr } = await finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/no\/such\/folder/);
});

test('a port that is none is refused', async () => {
  const { code, stderr } = await startProgram('start', ['--port', '70000']).finished;
  expect(code).toBe(1);
  expect(stderr).toContain('--port: expected 1 to 65535, got 70000');
});
