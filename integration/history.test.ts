import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHistory } from 'livinglock/history';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/machine.js';
import { poll, Running } from '../support/running.js';

// A journal that several processes write at once, while it is compacted again and again.

const PROGRAM = fileURLToPath(new URL('../build/support/programs/keeps-history.js', import.meta.url));
const LOCK = '/run/livinglock/backup.lock';
const WRITERS = 6;
const RUNS = 150;

function startWriters(folder: string): Running[] {
  return Array.from(
    { length: WRITERS },
    (_, index) =>
      new Running(process.execPath, [PROGRAM, folder, LOCK, String(index), String(RUNS)], {
        env: process.env,
      }),
  );
}

function confirmedBy(writer: Running): string[] {
  return writer.stdout.split('\n').slice(0, -1);
}

async function recordedIn(folder: string) {
  const { runs, unreadable } = await openHistory({ folder, maxRuns: 1_000_000 }).read(LOCK);
  return { ids: runs.map(({ id }) => id), unreadable };
}

test('many processes that write at once lose nothing, while readers see whole lines only', async () => {
  const folder = join(temporaryFolder(), 'history');
  const writers = startWriters(folder);
  while (writers.some((writer) => !writer.hasEnded)) {
    const confirmed = writers.flatMap(confirmedBy);
    const { ids, unreadable } = await recordedIn(folder);
    expect(unreadable).toBe(0);
    expect(ids).toEqual(expect.arrayContaining(confirmed));
    await new Promise(setImmediate);
  }
  for (const writer of writers) expect(await writer.ended).toMatchObject({ code: 0, stderr: '' });

  const { ids } = await recordedIn(folder);
  expect(ids).toHaveLength(WRITERS * RUNS);
  expect(new Set(ids).size).toBe(WRITERS * RUNS);
  const [name = ''] = readdirSync(folder);
  const [header = ''] = readFileSync(join(folder, name), 'utf8').split('\n');
  expect(JSON.parse(header).keptBytes).toBeGreaterThan(statSync(join(folder, name)).size / 2);
});

test('a writer that is killed takes nothing with it, and keeps nobody out', async () => {
  const folder = join(temporaryFolder(), 'history');
  const writers = startWriters(folder);
  for (const [index, victim] of writers.slice(1).entries()) {
    await poll('It does not write', () => confirmedBy(victim).length > 10 * index);
    victim.signal('SIGKILL');
  }
  for (const writer of writers) await writer.ended;

  const { ids } = await recordedIn(folder);
  expect(ids).toEqual(expect.arrayContaining(writers.flatMap(confirmedBy)));
  expect(confirmedBy(writers[0] ?? expect.fail())).toHaveLength(RUNS);
});
