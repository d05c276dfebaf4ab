import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { describeFolder } from '../elite/load-model.ts';
import { digestFile, listModelFiles, type ModelFile, type ModelNaming, writeModelJson } from '../weights/model-json.ts';
import { progressChannel } from './progress-channel.ts';

/** Bytes read so far, of all. */
export type DescribeProgress = { readonly path: string; readonly doneBytes: number; readonly totalBytes: number };

/**
 * Reads every file of a model and writes its `model.json`: name, licence, defaults, fingerprint, what it was built for, architecture, and the SHA-256 of
 * each file, by which the folder can be checked wherever it goes.
 */
export function describeFiles(
  folder: string,
  naming: ModelNaming = {},
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<DescribeProgress, ModelDescription> {
  return progressChannel(async (emit, aborted) => {
    const { modelFolder, description } = describeFolder(folder, { trustModelJson: false, naming });
    const paths = listModelFiles(folder);
    const totalBytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
    let doneBytes = 0;
    const files: ModelFile[] = [];
    for (const path of paths) {
      const onBytes = (count: number) => {
        aborted.throwIfAborted();
        doneBytes += count;
        emit({ path, doneBytes, totalBytes });
      };
      files.push(await digestFile(folder, path, onBytes));
    }
    const { config, schedule } = modelFolder;
    const { name, licence, fingerprint, sizes, samplers } = description;
    await writeModelJson(folder, {
      format: 'elite-model',
      version: 1,
      ...naming,
      name,
      licence,
      fingerprint,
      architecture: { ...config, schedule },
      sizes,
      samplers,
      files,
    });
    return description;
  }, signal);
}
