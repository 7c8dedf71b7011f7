import { Pool } from '@neondatabase/serverless';
import { postgresStore } from 'livinglock/postgres';

export function open(url: string) {
  const pool = new Pool({ connectionString: url });
  pool.on('error', console.error);
  const store = postgresStore(pool);
  return { store, end: () => pool.end() };
}
