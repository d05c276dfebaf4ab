import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeFolder } from '../../gpu-worker/ml/elite/load-model.ts';
import { readModelJson } from '../../gpu-worker/ml/weights/model-json.ts';
import { type HubServer, startHubServer } from '../ml/weights/hub/hub-server.ts';
import { tinyHub } from '../ml/weights/hub/tiny-hub.ts';
import { modelDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

let hub: HubServer;
let parent: string;
beforeEach(async () => {
  hub = await startHubServer(tinyHub());
  parent = mkdtempSync(join(tmpdir(), 'pull-'));
});
afterEach(async () => {
  await hub.close();
  rmSync(parent, { recursive: true });
});

const mappers = [
  ...['--global-mapper', join(modelDir, 'global_mapper.pt')],
  ...['--local-mapper', join(modelDir, 'local_mapper.pt')],
];

function pull(...options: string[]) {
  const env = { HF_ENDPOINT: `${hub.url}/`, HF_TOKEN: 'hf_mine' };
  return elite(['pull', join(parent, 'sd'), ...mappers, '--no-safety-checker', ...options], { env });
}

it('fetches from the hub the environment names, with its token, and tells what was fetched', async () => {
  hub.requiredToken = 'hf_mine';
  const { exitCode, stdout, stderr } = await pull('--json');
  expect({ exitCode, stderr: stderr.split('\n')[0] }).toEqual({
    exitCode: 0,
    stderr: '15 of 15 files to fetch, 5.6 MB',
  });
  expect(JSON.parse(stdout)).toEqual({
    folder: join(parent, 'sd'),
    files: 15,
    fetched_files: 15,
    fetched_bytes: 5630234,
    model: describeFolder(join(parent, 'sd')).description.fingerprint,
  });
});

it('leaves a model.json with the digests of what it fetched, also after a file has changed', async () => {
  const unet = 'unet/diffusion_pytorch_model.safetensors';
  const sha256 = () => readModelJson(join(parent, 'sd'))?.files?.find(({ path }) => path === unet)?.sha256;
  await pull();
  const first = sha256();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(
    join(parent, 'sd/model.json'),
    JSON.stringify({ ...readModelJson(join(parent, 'sd')), fingerprint: 'old' }),
  );
  expect(await pull()).toMatchObject({ exitCode: 0 });
  expect(sha256()).toBe(first);
});

it('takes other repositories by name', async () => {
  const { exitCode, stderr } = await pull('--clip', 'somebody/clip@v2');
  expect(exitCode).toBe(1);
  expect(stderr).toBe('elite: somebody/clip: no such repository, or no revision v2\n');
  expect((await pull('--clip', 'no slash')).stderr).toMatch(
    /expected a repository as owner\/name or owner\/name@revision/,
  );
});

it('ends with 130 when interrupted, and goes on when called again', async () => {
  const controller = new AbortController();
  controller.abort();
  const args = ['pull', join(parent, 'sd'), ...mappers, '--no-safety-checker'];
  const interrupted = await elite(args, { env: { HF_ENDPOINT: hub.url }, signal: controller.signal });
  expect(interrupted).toMatchObject({ exitCode: 130, stdout: '' });
  expect((await pull()).stdout).toMatch(/15 files, 15 of them fetched now \(5\.6 MB\), all checked/);
  expect((await pull()).stdout).toMatch(/15 files, 0 of them fetched now \(0 B\), all checked/);
});
