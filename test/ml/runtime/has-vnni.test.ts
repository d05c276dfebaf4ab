import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasVnni } from '../../../gpu-worker/ml/runtime/has-vnni.ts';

it.each([
  ['flags\t\t: fpu avx512bw avx512_vnni avx512_bitalg', true],
  ['flags\t\t: fpu avx2 avx_vnni', true],
  ['flags\t\t: fpu avx2 avx512f', false],
  ['model name\t: avx512_vnni\nflags\t\t: fpu avx2', false],
])('%j says %s', (cpuInfo, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'cpuinfo-'));
  const file = join(folder, 'cpuinfo');
  writeFileSync(file, `processor\t: 0\n${cpuInfo}\nbogomips\t: 5192.30\n`);
  expect(hasVnni(file)).toBe(expected);
  rmSync(folder, { recursive: true });
});

it('is not assumed where the system does not say', () => {
  expect(hasVnni('/no/such/file')).toBe(false);
});
