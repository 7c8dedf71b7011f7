import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
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

  it('shows up in the results of the queries in docs/postgres.md', async () => {
    await run(server().urlFor());
    const client = new pg.Client({ connectionString: server().urlFor() });
    await client.connect();
    const results = [];
    for (const sql of queriesOf(page())) results.push(await client.query(sql));
    await client.end();
    expect(results.length).toBeGreaterThan(3);
    expect(results[0]?.rows).toMatchObject([{ lock_name: 'hourly-invoices', lock_owner: hostname() }]);
  });
});

describe('docs/postgres.md', () => {
  it('shows exactly the job that is tested here', () => {
    expect(page()).toContain(readFileSync(new URL('./postgres-job.ts', import.meta.url), 'utf8'));
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
