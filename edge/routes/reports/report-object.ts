import type { AbuseReport } from '../../../shared/abuse-report.ts';
import type { ReportRecord } from '../../durable-objects/reports/report-record.ts';
import { isoTime } from '../object-urls.ts';

export function reportObject(record: ReportRecord): AbuseReport {
  const { id, status, reason, details, contact, share, conceptId, accountId, receivedAtMs, resolvedAtMs } = record;
  return {
    id,
    object: 'abuse_report',
    status,
    reason,
    details,
    contact,
    share: share.id,
    concept: conceptId,
    account: accountId,
    received_at: isoTime(receivedAtMs),
    resolved_at: resolvedAtMs === null ? null : isoTime(resolvedAtMs),
  };
}
