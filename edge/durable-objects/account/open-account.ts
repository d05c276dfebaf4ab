import type { AccountParts } from './account-parts.ts';
import { exists, markOpen } from './existence.ts';
import type { NewKey } from './key-table.ts';
import { createWebhookSecrets } from './stored-webhook-secrets.ts';

/** Opens the account with its first key; an account that exists is left as it is. */
export function openAccount({ storage, tables, tasks, now }: AccountParts, id: string, firstKey: NewKey): void {
  if (exists(storage)) {
    return;
  }
  storage.transactionSync(() => {
    markOpen(storage, id);
    createWebhookSecrets(storage);
    for (const table of [...Object.values(tables), tasks]) {
      table.create();
    }
    tables.keys.insert(firstKey, now());
  });
}
