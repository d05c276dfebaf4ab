import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { type LoadOptions, loadModel } from '../ml/elite/load-model.ts';
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
  try {
    return await use(model, performance.now() - startedAt);
  } finally {
    await model.release();
  }
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `Expected a whole number from ${min} on.`
          : `Expected a whole number from ${min} to ${max}.`,
      );
    return value;
  };
}

/** An option's value as the API's own schema of that field takes it. */
export function fieldOf<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const number = Number(text);
    const value = schema.safeParse(text.trim() === '' || Number.isNaN(number) ? text : number);
    if (!value.success) throw new InvalidArgumentError(value.error.issues.map(({ message }) => message).join('; '));
    return value.data;
  };
}
