import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { modelDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

const repository = resolve(import.meta.dirname, '../..');
const manifest = z
  .object({ scripts: z.object({ prepack: z.string() }), bin: z.object({ elite: z.string() }) })
  .parse(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')));

let installed: string;
beforeAll(() => {
  installed = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'node_modules/elite-edge');
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(installed, 'node_modules'));
  const build = manifest.scripts.prepack.replace(/\bdist\b/g, join(installed, 'dist'));
  execSync(build, {
    cwd: repository,
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
    stdio: 'pipe',
  });
});
afterAll(() => rmSync(resolve(installed, '../..'), { recursive: true }));

it('the published command does what the checkout does, from inside node_modules', async () => {
  const args = ['inspect', modelDir];
  const output = execFileSync(process.execPath, [join(installed, manifest.bin.elite), ...args], { encoding: 'utf8' });
  expect(output).toBe((await elite(args)).stdout);
});

it('a reader that has seen enough ends it quietly', () => {
  const script = `set -o pipefail; "${process.execPath}" "${join(installed, manifest.bin.elite)}" inspect "${join(modelDir, 'local_mapper.pt')}" | head -1`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect({ status, stderr, lines: stdout.split('\n').length }).toEqual({ status: 0, stderr: '', lines: 2 });
});
