import { z } from 'zod';
import { errorCodeSchema } from '../../shared/error-codes.ts';
import { safetySchema } from '../../shared/generation.ts';
import { modelDescriptionSchema } from '../../shared/model-description.ts';
import { generateMessageSchema } from '../../shared/queue-message.ts';

/**
 * What the worker and its engine say to each other over the child's IPC channel (serialization 'advanced', so that bytes stay bytes). `job`
 * names one attempt. Every encode and generate is answered by exactly one encoded, generated, failed or stopped.
 */

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
const durationMsSchema = z.int().min(0);

export const PROVIDERS = ['cpu', 'cuda'] as const;

export const loadRequestSchema = z.object({
  type: z.literal('load'),
  modelDir: z.string(),
  provider: z.enum(PROVIDERS).nullable(), // null: what the model was built for
  threads: z.int().positive().nullable(), // null: one per core
  safetyChecker: z.boolean(), // whether pictures are judged where the model has a safety checker
});

export const encodeRequestSchema = z.object({
  type: z.literal('encode'),
  job: z.string(),
  photo: bytesSchema, // a file, as uploaded
  mask: z.union([bytesSchema, z.literal('auto')]).nullable(),
});

export const generateRequestSchema = z.object({
  type: z.literal('generate'),
  job: z.string(),
  input: generateMessageSchema.shape.input,
  embeddings: z.array(bytesSchema), // a concept file for each of input.concepts
});

export const engineRequestSchema = z.discriminatedUnion('type', [
  loadRequestSchema,
  encodeRequestSchema,
  generateRequestSchema,
  z.object({ type: z.literal('cancel'), job: z.string() }),
]);

export const encodedSchema = z.object({
  type: z.literal('encoded'),
  job: z.string(),
  embedding: bytesSchema, // a concept file
  photo: bytesSchema, // WebP, upright, without metadata
  mask: bytesSchema.nullable(), // PNG, of the photo's size
  timings: z.object({ encode_ms: durationMsSchema }),
});

export const generatedSchema = z.object({
  type: z.literal('generated'),
  job: z.string(),
  images: z.array(
    z.object({
      bytes: bytesSchema,
      seed: z.int(),
      width: z.int().positive(),
      height: z.int().positive(),
      safety: safetySchema,
    }),
  ),
  prompt_truncated: z.boolean(),
  timings: z.object({ encode_ms: durationMsSchema, denoise_ms: durationMsSchema, decode_ms: durationMsSchema }),
});

export const engineReplySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), model: modelDescriptionSchema }),
  z.object({ type: z.literal('progress'), job: z.string(), step: z.int().min(0), steps: z.int().positive() }),
  encodedSchema,
  generatedSchema,
  z.object({ type: z.literal('failed'), job: z.string(), code: errorCodeSchema, message: z.string() }),
  z.object({ type: z.literal('stopped'), job: z.string() }),
]);

export type LoadRequest = z.infer<typeof loadRequestSchema>;
export type EncodeRequest = z.infer<typeof encodeRequestSchema>;
export type GenerateRequest = z.infer<typeof generateRequestSchema>;
export type EngineRequest = z.infer<typeof engineRequestSchema>;
export type EngineReply = z.infer<typeof engineReplySchema>;
export type Encoded = z.infer<typeof encodedSchema>;
export type Generated = z.infer<typeof generatedSchema>;
