import { z } from 'zod';

/** Why somebody wants a share to be looked at. */
export const ABUSE_REASONS = ['my_likeness', 'copyright', 'sexual', 'minor', 'violence', 'hate', 'other'] as const;
export type AbuseReason = (typeof ABUSE_REASONS)[number];

export const abuseReportSchema = z.strictObject({
  reason: z.enum(ABUSE_REASONS),
  details: z.string().max(2000).default(''),
  contact: z.string().max(320).nullish().meta({ description: 'Where to answer, such as an e-mail address.' }),
});
