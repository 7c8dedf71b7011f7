import type { SqliteDatabase, SqliteStatement } from 'livinglock/sqlite';

/** The same database, except that it counts its statements. */
export class CountingDatabase implements SqliteDatabase {
  readonly #database: SqliteDatabase;
  #count = 0;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** How many statements were executed. A savepoint that is released at once reads and writes nothing. */
  get count(): number {
    return this.#count;
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction ?? false;
  }

  exec(sql: string): unknown {
    this.#count += 1;
    return this.#database.exec(sql);
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.#database.prepare(sql);
    return {
      all: (...parameters) => {
        if (!/^(?:SAVEPOINT|RELEASE) /.test(sql)) this.#count += 1;
        return statement.all(...parameters);
      },
    };
  }
}
