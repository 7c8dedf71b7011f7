import { beforeEach, expect, test } from 'vitest';
import { pages } from '../support/docs/pages.js';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';

/** A session in another time zone than that of the column. */
const ELSEWHERE = { options: '-c TimeZone=Asia/Tokyo', max: 1 };

/** The time in ShedLock's column, with its `usingDbTime()`. */
const NOW = "timezone('utc', now())";

describeWithPostgres('the statement that keeps a job of ShedLock from running', (server) => {
  const page = pages.find(({ path }) => path === 'docs/migrating.md');
  const statement = page?.blocks.find(({ code }) => code.includes('INSERT INTO shedlock'))?.code ?? '';
  let pool: ReturnType<typeof poolOf>;

  beforeEach(async () => {
    pool = poolOf(server(), ELSEWHERE);
    await pool.query(`
      DROP TABLE IF EXISTS shedlock;
      CREATE TABLE shedlock (name varchar(64) PRIMARY KEY, lock_until timestamp NOT NULL,
        locked_at timestamp NOT NULL, locked_by varchar(255) NOT NULL)`);
  });

  async function lockUntil(time: string): Promise<void> {
    await pool.query(`INSERT INTO shedlock VALUES ('report', ${time}, ${NOW}, 'server-1')`);
  }

  /** The holder, and for how long ShedLock skips the job. */
  async function holder(): Promise<unknown> {
    await pool.query(statement);
    const hours = `round(extract(epoch FROM lock_until - ${NOW}) / 3600)::integer AS hours`;
    const { rows } = await pool.query(`SELECT locked_by, ${hours} FROM shedlock`);
    return rows[0];
  }

  const ours = { locked_by: 'migration', hours: 24 };

  test('holds the row for a day if the job has never run', async () => {
    expect(await holder()).toEqual(ours);
  });

  test('leaves the row to a job that is at work', async () => {
    await lockUntil(`${NOW} + interval '2 hours'`);

    expect(await holder()).toEqual({ locked_by: 'server-1', hours: 2 });
  });

  test('takes the row when the job is done', async () => {
    await lockUntil(NOW);

    expect(await holder()).toEqual(ours);
  });

  test('can be repeated, for another day', async () => {
    await holder();
    await pool.query("UPDATE shedlock SET lock_until = lock_until - interval '20 hours'");

    expect(await holder()).toEqual(ours);
  });
});
