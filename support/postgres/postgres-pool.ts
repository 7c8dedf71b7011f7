import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { PostgresServer } from './postgres-server.js';

/** Connections of a test's own, ended with it. */
export function poolOf(server: PostgresServer, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.urlFor(), max: 3, ...options });
  // What breaks while nobody uses it is reported here, and by default ends the process.
  pool.on('error', () => {});
  onTestFinished(() => pool.end());
  return pool;
}
