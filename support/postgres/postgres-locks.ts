import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Store } from '../../src/core/store.js';
import { type AcquireOptions, acquire, type Inspection, inspect, type Lock } from '../../src/index.js';
import {
  type PostgresConnection,
  type PostgresStoreOptions,
  postgresStore,
} from '../../src/stores/postgres/index.js';
import { FakeProcessTable } from '../../src/testing/index.js';
import { describeWithServer } from '../describe-with-server.js';
import { poolOf } from './postgres-pool.js';
import { canServePostgres, PostgresServer } from './postgres-server.js';

/** Defines tests that share a PostgreSQL server. */
export function describeWithPostgres(title: string, define: (server: () => PostgresServer) => void): void {
  describeWithServer(title, canServePostgres, () => PostgresServer.start(), define);
}

/** A table that no other test uses, a lock in it, and contenders for it. */
export class PostgresLocks {
  readonly table = `t${randomUUID().replaceAll('-', '')}`;
  readonly lock = `nightly ${this.table}`;
  readonly processes = new FakeProcessTable();
  /** For looking at the table, and for contenders without a connection of their own. */
  readonly pool: pg.Pool;

  constructor(server: PostgresServer) {
    this.pool = poolOf(server);
  }

  store(connection: PostgresConnection = this.pool, options: PostgresStoreOptions = {}): Store {
    return postgresStore(connection, { tableName: this.table, ...options });
  }

  acquire(connection?: PostgresConnection, options: AcquireOptions = {}): Promise<Lock> {
    return acquire(this.lock, { heartbeatMinimalInterval: 0, store: this.store(connection), ...options });
  }

  /** Acquires it in a process that has ended since. */
  async acquireByDead(): Promise<Lock> {
    const process = this.processes.start();
    const dependencies = { processes: this.processes.as(process) };
    const store = this.store(this.pool, dependencies);
    const lock = await acquire(this.lock, { store, dependencies });
    process.kill();
    return lock;
  }

  inspect(connection?: PostgresConnection): Promise<Inspection> {
    return inspect(this.lock, { store: this.store(connection) });
  }

  /** The row of the lock; `null` without a row or a table. */
  async row(): Promise<Readonly<Record<string, unknown>> | null> {
    const { rows: tables } = await this.pool.query('SELECT to_regclass($1) AS found', [this.table]);
    if (tables[0]?.found === null) return null;
    const { rows } = await this.pool.query(`SELECT * FROM ${this.table} WHERE lock_name = $1`, [this.lock]);
    return rows[0] ?? null;
  }
}
