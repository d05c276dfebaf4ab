import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, stop as stopEsbuild } from 'esbuild';
import { readScalarScript } from './read-scalar-script.ts';

const BROWSER = fileURLToPath(new URL('../../edge/pages/browser/', import.meta.url));

/** What wrangler.toml serves beside the Worker: `assets/` in it is at `/assets/`. */
export const PUBLIC_FOLDER = fileURLToPath(new URL('../../dist/public/', import.meta.url));

/** Builds the pages' scripts and styles, which are files of their own and no part of the Worker. */
export async function buildAssets(): Promise<void> {
  await rm(PUBLIC_FOLDER, { recursive: true, force: true });
  await mkdir(`${PUBLIC_FOLDER}assets`, { recursive: true });
  await build({
    entryPoints: ['playground.ts', 'share.ts', 'reference.ts', 'pages.css'].map((file) => `${BROWSER}${file}`),
    outdir: `${PUBLIC_FOLDER}assets`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'safari17'],
    logLevel: 'warning',
  });
  await stopEsbuild();
  await writeFile(`${PUBLIC_FOLDER}assets/scalar.js`, await readScalarScript());
  await cp(`${BROWSER}static`, PUBLIC_FOLDER, { recursive: true });
}

if (import.meta.main) {
  await buildAssets();
}
