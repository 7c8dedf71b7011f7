/**
 * A connection to an SQLite database, as far as a store needs it: `DatabaseSync` of `node:sqlite` and of
 * `@photostructure/sqlite`, and the `Database` of `better-sqlite3`.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  /** Whether a transaction is open, in `node:sqlite`. */
  readonly isTransaction?: boolean;
  /** The same, in `better-sqlite3`. */
  readonly inTransaction?: boolean;
}

/** A prepared statement. */
export interface SqliteStatement {
  /** `unknown`, and not what is passed: below TypeScript 6, the types of `better-sqlite3` fit nothing narrower. */
  all(...parameters: unknown[]): unknown[];
}
