import { type Command, Option } from 'commander';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { type LoadOptions, loadModel } from '../ml/elite/load-model.ts';
import { unverifiedNote } from '../ml/elite/targets.ts';
import { wholeNumber } from './option-values.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export type ModelOptions = Pick<LoadOptions, 'threads' | 'safetyChecker' | 'segmenter'> & { readonly model?: string };

export function withModelOption(command: Command): Command {
  return command.option('-m, --model <folder>', 'the model folder; MODEL_DIR when left out');
}

/** Adds what every command that runs a model needs to know. */
export function withModelOptions(command: Command): Command {
  return withModelOption(command).addOption(
    new Option('--threads <n>', 'threads of one operator; one a core when left out').argParser(wholeNumber(1)),
  );
}

/** @throws UsageError when no model is named. */
export function modelFolder({ model }: ModelOptions, { env }: Terminal): string {
  const folder = model ?? env.MODEL_DIR;
  if (folder === undefined) throw new UsageError('expected --model, or MODEL_DIR in the environment');
  return folder;
}

/** Loads the model for as long as `use` takes. */
export async function withModel<Result>(
  options: ModelOptions,
  terminal: Terminal,
  use: (model: EliteModel, loadMs: number) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const { threads, safetyChecker, segmenter } = options;
  const model = await loadModel(modelFolder(options, terminal), { threads, safetyChecker, segmenter });
  const note = unverifiedNote(model.target);
  if (note) terminal.stderr.write(`${note}\n`);
  try {
    return await use(model, performance.now() - startedAt);
  } finally {
    await model.release();
  }
}
