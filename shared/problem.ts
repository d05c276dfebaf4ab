import { z } from 'zod';
import { errorCodeSchema } from './error-codes.ts';

/** The body of every error answer: `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A URI that names the code, relative to the origin.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What was expected, what came, and where.' }),
    code: errorCodeSchema,
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later.' }),
    request_id: z.string().meta({ description: 'Equal to the X-Request-Id header.' }),
    errors: z
      .array(z.object({ pointer: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every wrong field, by JSON Pointer (`#/concepts/0/concept`): always with 422.' }),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** How an accepted job failed: the `error` of a concept or a generation. */
export const jobErrorSchema = z
  .object({ code: errorCodeSchema, message: z.string().max(1000), retryable: z.boolean() })
  .meta({ id: 'JobError' });

export type JobError = z.infer<typeof jobErrorSchema>;
