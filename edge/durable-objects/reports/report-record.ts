import type { AbuseReason, ReportStatus } from '../../../shared/abuse-report.ts';

/** A report of abuse as it is kept. Times are milliseconds since the epoch. */
export type ReportRecord = {
  readonly id: string;
  readonly status: ReportStatus;
  /** What it is about: `name` is what the Share object is called. */
  readonly share: { readonly name: string; readonly id: string };
  readonly accountId: string;
  readonly conceptId: string;
  readonly reason: AbuseReason;
  readonly details: string;
  readonly contact: string | null;
  readonly receivedAtMs: number;
  readonly resolvedAtMs: number | null;
};

/** The first decision about a report stands, except that what was dismissed may still be taken down. */
export function resolved(report: ReportRecord, status: Exclude<ReportStatus, 'open'>, nowMs: number): ReportRecord {
  return report.status === 'open' || (report.status === 'dismissed' && status === 'taken_down')
    ? { ...report, status, resolvedAtMs: nowMs }
    : report;
}
