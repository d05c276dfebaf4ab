import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeTinySegmentation } from '../ml/segmentation/tiny-segmentation.ts';
import { type HubServer, startHubServer } from '../ml/weights/hub/hub-server.ts';
import { tinyHub } from '../ml/weights/hub/tiny-hub.ts';
import { modelDir, reference, referenceDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

const repository = resolve(import.meta.dirname, '../..');
const page = join(repository, 'docs/cli.md');

let folder: string;
let hub: HubServer;
beforeAll(async () => {
  hub = await startHubServer(tinyHub());
  folder = mkdtempSync(join(tmpdir(), 'documentation-'));
  const [picture] = reference.pictures_order;
  cpSync(modelDir, join(folder, 'model'), { recursive: true });
  writeTinySegmentation(join(folder, 'model/segmentation.onnx'));
  cpSync(join(referenceDir, `pictures/${picture}.png`), join(folder, 'creature.png'));
  cpSync(join(referenceDir, `pictures/${picture}_bg.png`), join(folder, 'creature-mask.png'));
  symlinkSync(referenceDir, join(folder, 'reference'));
  process.chdir(folder); // the page names files as a user would
});
afterAll(async () => {
  process.chdir(repository);
  await hub.close();
  rmSync(folder, { recursive: true });
});

/** The words of a command line, quoted ones without their quotes. */
function parseWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

/** What a terminal would show of a command line. */
async function run(line: string): Promise<string> {
  const [command, ...args] = parseWords(line);
  expect(command).toBe('elite');
  const { stdout, stderr } = await elite(args, { env: { HF_ENDPOINT: hub.url } });
  return stderr + stdout;
}

/** Durations differ from run to run; what a comparison finds, in its last bits, from machine to machine. */
function comparable(text: string): string {
  return text
    .replace(/\b\d+(\.\d+)? (ms|s)\b/g, '… s')
    .replace(/ \(… s\)/g, '')
    .replace(/_ms":\d+/g, '_ms":…')
    .replace(/PSNR \d+\.\d dB/g, 'PSNR … dB')
    .replace(/error (0|\d\.\de[+-]\d+)/g, 'error …');
}

/** The block with the output of its commands as it is now; the printed one where only time has changed. */
async function refresh(block: string): Promise<string> {
  const commands = block.split('\n').filter((line) => line.startsWith('$ '));
  let fresh = '';
  for (const command of commands) fresh += `${command}\n${await run(command.slice(2))}`;
  return comparable(fresh) === comparable(block) ? block : fresh;
}

it('every command on the page prints what the page says', { timeout: 300_000 }, async () => {
  const parts = readFileSync(page, 'utf8').split(/^(```console\n[\s\S]*?^```$)/m);
  for (const [index, part] of parts.entries()) {
    const block = /^```console\n([\s\S]*?)^```$/m.exec(part)?.[1];
    if (block !== undefined) parts[index] = `\`\`\`console\n${await refresh(block)}\`\`\``;
  }
  await expect(parts.join('')).toMatchFileSnapshot(page); // `vitest -u` writes the page anew
});
