import { z } from '@hono/zod-openapi';

export const MAX_WAIT_SECONDS = 60;

/**
 * How many seconds `Prefer: wait=N` (RFC 7240) asks to hold the answer for: bare `wait` is the most, more than the
 * most is the most. Null when it does not ask; a preference that makes no sense is no preference.
 */
export function preferredWaitSeconds(header: string | undefined): number | null {
  for (const preference of (header ?? '').split(',')) {
    const match = /^\s*wait(?:\s*=\s*"?(\d{1,9})"?)?\s*(?:;|$)/i.exec(preference);
    if (match) {
      const seconds = match[1] === undefined ? MAX_WAIT_SECONDS : Number(match[1]);
      return seconds > 0 ? Math.min(seconds, MAX_WAIT_SECONDS) : null;
    }
  }
  return null;
}

export const preferHeaderSchema = z.object({
  prefer: z
    .string()
    .optional()
    .meta({
      examples: ['wait=60'],
      description:
        '`wait=N` (1–60) holds the answer until the job ends or N seconds pass: 201 when it ended, else 202.',
    }),
});

export const waitQuerySchema = z.object({
  wait: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_WAIT_SECONDS)
    .optional()
    .meta({ description: 'Seconds to hold the answer.', examples: [60] }),
  until: z
    .enum(['change', 'end'])
    .default('end')
    .meta({ description: 'What to wait for: any change from now on, or the end.', examples: ['end'] }),
});
