/**
 * A connection to PostgreSQL, as far as a store needs it: the `Pool`, `Client` and `PoolClient` of `pg`, and the `PGlite` of
 * `@electric-sql/pglite`.
 */
export interface PostgresConnection {
  query(text: string, values?: (string | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
  /** `'I'` outside of a transaction. A `Client` of `pg` says so since 2026 (8.23 does); a `Pool` has no need to. */
  getTransactionStatus?(): string | null;
}
