import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'boundaries-'));
  for (const name of ['shared', 'edge', 'gpu-worker', 'tsconfig.base.json', 'package.json']) {
    await cp(join(repository, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true }));

/** What the compiler says of one folder, built apart from everything else. */
function compile(folder: string): Promise<string> {
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const output = ['--outDir', join(copy, 'out'), '--pretty', 'false'];
  return new Promise((done) => {
    execFile(process.execPath, [tsc, '-p', join(copy, folder), ...output], (_, stdout) => done(stdout));
  });
}

describe('a folder cannot import what its project does not reference', () => {
  it.each([
    ['shared', 'edge'],
    ['edge', 'gpu-worker/ml'],
    ['edge/pages/browser', 'edge'],
    ['edge/client', 'edge'],
    ['edge', 'edge/client'],
    ['gpu-worker/ml', 'gpu-worker/engine'],
    ['gpu-worker/ml', 'gpu-worker/worker'],
    ['gpu-worker/engine', 'gpu-worker/worker'],
    ['gpu-worker/worker', 'gpu-worker/ml'],
  ])('%s importing from %s does not compile', async (folder, target) => {
    const file = join(copy, folder, 'importer.ts');
    const imported = join(copy, target, 'imported.ts');
    await writeFile(imported, 'export const secret = 1;\n');
    await writeFile(file, `export { secret } from './${relative(join(copy, folder), imported)}';\n`);
    const output = await compile(folder);
    await Promise.all([rm(file), rm(imported)]);
    expect(output).toMatch(/importer\.ts\(1,\d+\): error TS6307/);
  });
});
