import { z } from 'zod';
import { maskSourceSchema } from './concept.ts';
import { generationInputSchema, strengthSchema } from './generation.ts';
import { accountIdSchema, conceptIdSchema, generationIdSchema } from './ids.ts';
import { wordsSchema } from './model-description.ts';
import { placeholderTokenSchema } from './placeholder.ts';

export const QUEUE_MESSAGE_VERSION = 1;

/** SQS takes 256 KiB; staying far below keeps one receive of ten messages under it too. */
export const MAX_QUEUE_MESSAGE_BYTES = 64 * 1024;

const envelope = {
  version: z.literal(QUEUE_MESSAGE_VERSION),
  account_id: accountIdSchema,
  model: z.string().meta({ description: 'Fingerprint of the model the input was resolved for.' }),
  /** After this the edge has failed the job: no use to start or to go on. */
  deadline: z.iso.datetime(),
  traceparent: z.string().nullable(),
};

export const encodeMessageSchema = z.object({
  ...envelope,
  kind: z.literal('encode'),
  job_id: conceptIdSchema,
  input: z.object({
    photo_key: z.string(),
    mask_key: z.string().nullable(),
    mask_source: maskSourceSchema,
  }),
});

export const generateMessageSchema = z.object({
  ...envelope,
  kind: z.literal('generate'),
  job_id: generationIdSchema,
  /** As resolved, but each concept by where its embedding lies, which is all the worker needs of it. */
  input: generationInputSchema.extend({
    concepts: z.array(
      z.object({
        embedding_key: z.string(),
        token: placeholderTokenSchema,
        strength: strengthSchema,
        words: wordsSchema,
      }),
    ),
  }),
});

export const queueMessageSchema = z.discriminatedUnion('kind', [encodeMessageSchema, generateMessageSchema]);

export type EncodeMessage = z.infer<typeof encodeMessageSchema>;
export type GenerateMessage = z.infer<typeof generateMessageSchema>;
export type QueueMessage = z.infer<typeof queueMessageSchema>;

/** JSON in ASCII: SQS refuses some characters that JSON leaves raw. */
export function serialiseQueueMessage(message: QueueMessage): string {
  const text = JSON.stringify(queueMessageSchema.parse(message)).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (text.length > MAX_QUEUE_MESSAGE_BYTES) {
    throw new RangeError(
      `queue message of ${message.job_id}: expected at most ${MAX_QUEUE_MESSAGE_BYTES} bytes, got ${text.length}`,
    );
  }
  return text;
}

/** Throws when the text is not JSON or not a message of this version. */
export function parseQueueMessage(text: string): QueueMessage {
  return queueMessageSchema.parse(JSON.parse(text));
}
