import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { PostgresServer } from './postgres-server.js';

/** A test's own connections, which end with it. */
export function poolOf(server: PostgresServer, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.urlFor(), max: 3, ...options });
  // A connection that breaks while idle is reported here. Without a listener the process would end.
  pool.on('error', () => {});
  onTestFinished(() => pool.end());
  return pool;
}
