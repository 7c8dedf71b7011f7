import { Pool } from '@neondatabase/serverless';
import { type FencedLock, fence, postgresStore } from 'livinglock/postgres';

export function open(url: string) {
  const pool = new Pool({ connectionString: url });
  pool.on('error', console.error);
  const store = postgresStore(pool);

  async function pay(lock: FencedLock) {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await fence(client, lock);
      await client.query("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  return { store, connection: pool, pay, end: () => pool.end() };
}
