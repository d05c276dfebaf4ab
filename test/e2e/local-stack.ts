import { readFile } from 'node:fs/promises';
import { shippedModel } from '../../gpu-worker/models/shipped-model.ts';
import { type ApiClient, createApiClient } from '../../infra/local/demo/api-client.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import type { Generation } from '../../shared/generation.ts';

/** The real stack on the model that comes along, and what its processes said. */
export async function startLocalStack(): Promise<{ stack: Stack; api: ApiClient; log: string[] }> {
  const log: string[] = [];
  const stack = await startStack({ modelDir: shippedModel, write: (line) => log.push(line) });
  return { stack, api: createApiClient(stack.url, stack.apiKey), log };
}

export async function picture(name: string): Promise<Blob> {
  return new Blob([await readFile(new URL(`../fixtures/reference/pictures/${name}`, import.meta.url))]);
}

/** The generation as it ended. */
export async function end(api: ApiClient, generation: Generation): Promise<Generation> {
  let current = generation;
  for await (current of api.follow(generation)) {
    // the last one counts
  }
  return current;
}

/** The generation as it was when it had made so many steps; fails when it ends before. */
export async function reach(api: ApiClient, generation: Generation, step: number): Promise<Generation> {
  for await (const current of api.follow(generation)) {
    if (current.progress.step >= step && current.status === 'running') {
      return current;
    }
  }
  throw new Error(`expected ${generation.id} to be seen at step ${step}, it ended before`);
}
