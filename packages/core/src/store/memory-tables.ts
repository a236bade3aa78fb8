import { tableUnknown } from './transaction-errors.js';

/** What stands for the tables of an app's database, beside a memory store: rows by their key, by table. */
export type MemoryTables = Map<string, Map<unknown, unknown>>;

/** What the function of a `step.transaction` is handed over {@link MemoryTables}. */
export interface MemoryTransaction {
  /** The rows of a table that the transaction names; what is done to them is seen by others once it is committed. */
  table(name: string): Map<unknown, unknown>;
}

/**
 * A draft of some tables.
 * @throws `TRANSACTION_TABLE_UNKNOWN`.
 */
export function draftOf(
  tables: MemoryTables,
  names: readonly string[],
  database: string,
): { readonly transaction: MemoryTransaction; commit(): void } {
  const drafts = new Map(
    names.map((name) => {
      const rows = tables.get(name);
      if (!rows) throw tableUnknown(database, name);
      return [name, new Map(rows)];
    }),
  );
  const table = (name: string) => {
    const rows = drafts.get(name);
    if (!rows) throw tableUnknown(database, name);
    return rows;
  };
  const commit = () => {
    for (const [name, rows] of drafts) tables.set(name, rows);
  };
  return { transaction: { table }, commit };
}
