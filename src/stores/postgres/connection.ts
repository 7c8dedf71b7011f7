/**
 * A connection to PostgreSQL, as far as a store needs it: the `Pool`, `Client` and `PoolClient` of `pg`, and the `PGlite` of
 * `@electric-sql/pglite`.
 */
export interface PostgresConnection {
  query(text: string, values?: (string | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
  /** `'I'` outside of a transaction. The `Client` of `pg` 8.19 and later says so; a `Pool` has no need to. */
  getTransactionStatus?(): string | null;
}
