import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { modelDescriptionSchema } from '../../../shared/model-description.ts';
import { PRECISIONS } from './precision.ts';
import { readJson } from './read-json.ts';

const MODEL_JSON = 'model.json';

/** What kind of machine a model was built for. */
export const TARGETS = ['portable', 'cuda'] as const;
export type Target = (typeof TARGETS)[number];

const { name, fingerprint, licence, sizes, samplers, steps, defaults } = modelDescriptionSchema.shape;

/** How a model is best drawn with, where that is not how the paper draws. */
const ownDefaultsSchema = z
  .object({
    sampler: defaults.shape.sampler,
    steps: steps.shape.default,
    guidance_scale: defaults.shape.guidance_scale,
  })
  .partial();
export type OwnDefaults = z.infer<typeof ownDefaultsSchema>;

/** A file of the model, by its path in the folder. */
const fileSchema = z.object({
  path: z
    .string()
    .refine((path) => !isAbsolute(path) && !path.split('/').includes('..'), 'must stay inside the folder'),
  size_bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * `model.json`, what a folder says of itself: its name, licence and defaults, which no other file knows, and, where a tool has looked, what it is
 * made of. A folder without it is a model too.
 */
export const modelJsonSchema = z.object({
  format: z.literal('elite-model'),
  version: z.literal(1),
  name,
  licence,
  fingerprint: fingerprint.optional(),
  /** A folder that does not say runs anywhere. */
  target: z.enum(TARGETS).optional(),
  /** How the weights were stored by a build; checkpoint files say it each for itself. */
  precision: z.enum(PRECISIONS).optional(),
  /** The networks' configuration, for people; the folder's own config files are what counts. */
  architecture: z.unknown().optional(),
  defaults: ownDefaultsSchema.optional(),
  sizes: sizes.optional(),
  samplers: samplers.optional(),
  files: z.array(fileSchema).optional(),
});

export type ModelJson = z.infer<typeof modelJsonSchema>;
/** What only `model.json` knows of a model. */
export type ModelNaming = Partial<Pick<ModelJson, 'name' | 'licence' | 'defaults' | 'target' | 'precision'>>;
export type ModelFile = z.infer<typeof fileSchema>;

/** Null where the folder has none. @throws WeightsError where it is broken. */
export function readModelJson(folder: string): ModelJson | null {
  const file = join(folder, MODEL_JSON);
  if (!existsSync(file)) return null;
  return readJson(file, modelJsonSchema);
}

/** Written whole or not at all. */
export async function writeModelJson(folder: string, json: ModelJson): Promise<void> {
  const file = join(folder, MODEL_JSON);
  await writeFile(`${file}.partial`, `${JSON.stringify(json, null, 2)}\n`);
  await rename(`${file}.partial`, file);
}

/** The paths of everything in a model folder but `model.json` and what is unfinished, in alphabetical order. Links count as what they lead to. */
export function listModelFiles(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  return paths
    .filter((path) => path !== MODEL_JSON && !path.endsWith('.partial') && statSync(join(folder, path)).isFile())
    .sort();
}

/** Size and SHA-256 of one file; `onBytes` is told how many bytes have been read. */
export async function digestFile(folder: string, path: string, onBytes: (count: number) => void): Promise<ModelFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(folder, path), { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    onBytes(chunk.length);
  }
  return { path, size_bytes: sizeBytes, sha256: hash.digest('hex') };
}
