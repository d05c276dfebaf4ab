import { createRecordTable } from '../record-table.ts';
import { createDeliveryTable } from './delivery-table.ts';
import { createIdempotencyTable } from './idempotency-table.ts';
import { createKeyTable } from './key-table.ts';
import type { ConceptRecord, GenerationRecord } from './records.ts';
import { createShareTable } from './share-table.ts';
import { createUsageTable } from './usage-table.ts';

/** Everything an account keeps in rows. */
export function createAccountTables(sql: SqlStorage) {
  return {
    keys: createKeyTable(sql),
    concepts: createRecordTable<ConceptRecord>(sql, 'concept'),
    generations: createRecordTable<GenerationRecord>(sql, 'generation'),
    /** Drawn for the pages of shares: not the owner's doing, so neither listed nor counted. */
    samples: createRecordTable<GenerationRecord>(sql, 'sample'),
    shares: createShareTable(sql),
    deliveries: createDeliveryTable(sql),
    requests: createIdempotencyTable(sql),
    usage: createUsageTable(sql),
  };
}

export type AccountTables = ReturnType<typeof createAccountTables>;
