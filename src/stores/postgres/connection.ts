/**
 * A connection to PostgreSQL, as far as a store needs it: `Pool`, `Client` and `PoolClient` of `pg`, and `PGlite` of
 * `@electric-sql/pglite`.
 */
export interface PostgresConnection {
  query(text: string, values?: (string | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
  /** `'I'` outside a transaction. A `Client` of `pg` has it since 2026 (8.23); a `Pool` does not need it. */
  getTransactionStatus?(): string | null;
}
