import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shippedModel } from '../../gpu-worker/models/shipped-model.ts';
import { createApiClient } from './demo/api-client.ts';
import { type DemoOptions, readArguments } from './demo/arguments.ts';
import { contactSheet } from './demo/contact-sheet.ts';
import { makePictures, type Pictures } from './demo/make-pictures.ts';
import { timingTable } from './demo/timing-table.ts';
import { startStack } from './stack.ts';

const LOG_LINES_ON_FAILURE = 30;

/** A photo in, its concept out, new pictures of it back, all of it over HTTP. Resolves when the stack is down again. */
async function demo(options: DemoOptions, log: string[], signal: AbortSignal): Promise<void> {
  const modelDir = process.env.MODEL_DIR || shippedModel;
  const startedAt = performance.now();
  console.log('starting queue, edge and worker …');
  const stack = await startStack({ modelDir, write: (line) => log.push(line), signal });
  try {
    const startMs = performance.now() - startedAt;
    const pictures = await makePictures(createApiClient(stack.url, stack.apiKey, signal), options);
    const files = await writePictures(pictures, options.outDir);
    const timings = [{ what: 'start', ms: startMs }, ...pictures.timings];
    console.log(`\n${timingTable(timings)}\n\n${files.join('\n')}`);
  } finally {
    await stack.stop();
  }
}

async function writePictures({ photo, mask, images }: Pictures, outDir: string): Promise<string[]> {
  const sheet = await contactSheet([photo, ...(mask ? [mask] : []), ...images]);
  const files = new Map([
    [join(outDir, 'photo.webp'), photo], // as the service serves them
    ...(mask ? [[join(outDir, 'mask.png'), mask] as const] : []),
    ...images.map((image, index) => [join(outDir, `image-${index}.png`), image] as const),
    [join(outDir, 'contact-sheet.png'), sheet],
  ]);
  await mkdir(outDir, { recursive: true });
  await Promise.all([...files].map(([path, bytes]) => writeFile(path, bytes)));
  return [...files.keys()];
}

const log: string[] = [];
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort(new Error('interrupted'))));
}
try {
  await demo(readArguments(process.argv.slice(2)), log, stop.signal);
} catch (error) {
  console.error(`\n${[...log.slice(-LOG_LINES_ON_FAILURE), ''].join('\n')}`);
  console.error(`the demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
