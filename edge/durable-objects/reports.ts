import { DurableObject } from 'cloudflare:workers';
import { newId } from '../../shared/ids.ts';
import type { EdgeEnv } from '../env.ts';
import { createRecordTable, type ListQuery, type Page } from './record-table.ts';
import { type ReportRecord, resolved } from './reports/report-record.ts';

/** How long a report is kept that the operator has seen to; one that is open is kept until then. */
const KEPT_MS = 180 * 24 * 3_600_000;

/** As many as are looked through at once. */
const PAGE = 100;

/** What people reported about shares, for the operator to read. There is one such object. */
export class Reports extends DurableObject<EdgeEnv> {
  /** Replaced by tests. */
  now: () => number = Date.now;

  readonly #reports;

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#reports = createRecordTable<ReportRecord>(ctx.storage.sql, 'report');
    this.#reports.create();
  }

  async add(report: ReportRecord): Promise<void> {
    this.#reports.insert(report, null);
    this.#forgetOld();
  }

  async list(query: ListQuery): Promise<Page<ReportRecord>> {
    return this.#reports.list(query, () => true);
  }

  async get(id: string): Promise<ReportRecord | null> {
    return this.#reports.get(id);
  }

  /** Null when there is no such report. */
  async dismiss(id: string): Promise<ReportRecord | null> {
    const report = this.#reports.get(id);
    if (report) {
      this.#reports.update(resolved(report, 'dismissed', this.now()));
    }
    return this.#reports.get(id);
  }

  /** Resolves a report whose share is taken down, and with it all others of that share. */
  async takenDown({ id, share }: ReportRecord): Promise<ReportRecord | null> {
    const concerns = (report: ReportRecord) =>
      report.id === id || (report.status === 'open' && report.share.id === share.id);
    const { records } = this.#reports.list({ limit: PAGE, before: null, status: null }, concerns);
    for (const report of records) {
      this.#reports.update(resolved(report, 'taken_down', this.now()));
    }
    return this.#reports.get(id);
  }

  #forgetOld(): void {
    const before = newId('report', this.now() - KEPT_MS);
    const { records } = this.#reports.list({ limit: PAGE, before, status: null }, ({ status }) => status !== 'open');
    for (const { id } of records) {
      this.#reports.delete(id);
    }
  }
}
