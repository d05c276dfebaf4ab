import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WeightsError } from './weights-error.ts';

/** A JSON file as a schema reads it. @throws WeightsError naming the file, and every field that is wrong. */
export function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new WeightsError(file, 'expected a JSON file', { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new WeightsError(file, z.prettifyError(parsed.error), { cause: parsed.error });
  return parsed.data;
}
