import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { acquire } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/postgres-job.js', import.meta.url));

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(url: string): Promise<End> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, url], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describeWithPostgres('the job with its lock in PostgreSQL', (server) => {
  it('runs on one of five servers, and not again within the hour', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => run(server().urlFor())));
    const later = await run(server().urlFor());
    const [done, ...busy] = [...runs, later].toSorted((one, other) => one.code - other.code);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/\ndone\n$/), stderr: '' });
    for (const end of busy) {
      const stdout = expect.stringMatching(/^hourly-invoices .+\n$/);
      expect(end).toMatchObject({ code: 75, stdout, stderr: '' });
    }
  });

  it('is not among the holders that the queries in docs/postgres.md list, once it has ended; one at work is', async () => {
    await run(server().urlFor());
    const pool = new pg.Pool({ connectionString: server().urlFor() });
    onTestFinished(() => pool.end());
    const lock = await acquire('at-work', { store: postgresStore(pool), owner: 'db-1' });
    const [holders, silent, jobs, ...more] = await Promise.all(
      queriesOf(page()).map(async (sql) => (await pool.query(sql)).rows),
    );
    expect(holders).toMatchObject([{ lock_name: 'at-work', lock_owner: 'db-1' }]);
    expect(silent).toEqual([]);
    expect(jobs).toMatchObject([{ lock_name: 'at-work', pid: String(process.pid) }]);
    expect(more).toEqual([]);
    await lock.release();
  });
});

function page(): string {
  return readFileSync(new URL('../docs/postgres.md', import.meta.url), 'utf8');
}

/** The statements for operators, in order. */
function queriesOf(text: string): string[] {
  const [, block = ''] = /```sql\n(-- Who holds[\s\S]+?)```/.exec(text) ?? [];
  return block
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
