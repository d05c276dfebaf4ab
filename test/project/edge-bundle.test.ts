import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What the Workers free plan takes is three times this; a bundle over it has gained something it should not have. */
const MAX_COMPRESSED_KIB = 1024;

test.each(['', 'staging'])(
  'is ready to deploy, under 1 MB compressed: environment %j',
  { timeout: 180_000 },
  (environment) => {
    const folder = mkdtempSync(join(tmpdir(), 'edge-bundle-'));
    try {
      const args = ['wrangler', 'deploy', '--dry-run', '--outdir', folder, '--env', environment];
      const output = execFileSync('npx', args, {
        encoding: 'utf8',
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
      });
      const size = /Total Upload: .* gzip: ([\d.]+) KiB/.exec(output);
      console.log(`edge bundle: ${size?.[0]}`);
      expect(Number(size?.[1])).toBeLessThan(MAX_COMPRESSED_KIB);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
