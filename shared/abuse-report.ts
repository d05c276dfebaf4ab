import { z } from 'zod';
import { accountIdSchema, conceptIdSchema, reportIdSchema, shareIdSchema } from './ids.ts';

/** Why somebody wants a share to be looked at. */
export const ABUSE_REASONS = ['my_likeness', 'copyright', 'sexual', 'minor', 'violence', 'hate', 'other'] as const;
export type AbuseReason = (typeof ABUSE_REASONS)[number];

const reasonSchema = z.enum(ABUSE_REASONS);

/** What somebody sends who reports a share. */
export const abuseReportRequestSchema = z.strictObject({
  reason: reasonSchema,
  details: z.string().max(2000).default(''),
  contact: z.string().max(320).nullish().meta({ description: 'Where to answer, such as an e-mail address.' }),
});

export const REPORT_STATUSES = ['open', 'dismissed', 'taken_down'] as const;
export const reportStatusSchema = z.enum(REPORT_STATUSES);
export type ReportStatus = z.infer<typeof reportStatusSchema>;

/** A report as the operator sees it. */
export const abuseReportSchema = z
  .object({
    id: reportIdSchema,
    object: z.literal('abuse_report'),
    status: reportStatusSchema,
    reason: reasonSchema,
    details: z.string(),
    contact: z.string().nullable(),
    share: shareIdSchema,
    concept: conceptIdSchema,
    account: accountIdSchema.meta({ description: 'Whose share it is.' }),
    received_at: z.iso.datetime(),
    resolved_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'AbuseReport' });

export type AbuseReport = z.infer<typeof abuseReportSchema>;
