/** Accounts that do not exist are asked too, by whoever makes up an id: they must answer, and store nothing. */
export function exists({ kv }: DurableObjectStorage): boolean {
  return kv.get('id') !== undefined;
}

/** Whether it takes anything in: one that is closed only sees to its own end. */
export function isOpen({ kv }: DurableObjectStorage): boolean {
  return kv.get('id') !== undefined && kv.get('closed') === undefined;
}

/** The id of an account that exists. */
export function idOf({ kv }: DurableObjectStorage): string {
  return kv.get<string>('id')!;
}

export function markOpen({ kv }: DurableObjectStorage, id: string): void {
  kv.put('id', id);
}

export function markClosed({ kv }: DurableObjectStorage): void {
  kv.put('closed', true);
}

/** With nothing left to do: a closed account is gone then. */
export async function rest(storage: DurableObjectStorage): Promise<void> {
  await storage.deleteAlarm();
  if (storage.kv.get('closed')) {
    await storage.deleteAll();
  }
}
