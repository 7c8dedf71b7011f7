import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSqlite } from '../../../src/cli/stores/sqlite.js';
import { acquire } from '../../../src/index.js';
import { temporaryFolder } from '../../../support/world.js';
import { twin } from '../../stores/sqlite/databases.js';

async function open(path: string) {
  const opened = await openSqlite({ kind: 'sqlite', text: `sqlite:${path}` }, true);
  onTestFinished(opened.close);
  return opened.store;
}

/** Takes a lock in the database, and releases it. */
async function use(path: string): Promise<void> {
  const lock = await acquire('nightly', { store: await open(path) });
  await lock.release();
}

it('a database in which another process writes does not keep this one from everything else', async () => {
  const path = join(temporaryFolder(), 'locks.db');
  const other = twin.open(path);
  onTestFinished(() => other.close());
  const store = await open(path);
  other.exec('BEGIN EXCLUSIVE');
  const reading = store.read('nightly');
  other.exec('ROLLBACK');
  expect(await reading).toBeNull();
});

const MODES = ['DELETE', 'WAL'];
const ENDS = ['-journal', '-wal', '-shm'];

describe.each(ENDS)('a file of the user called like the database, with %s', (end) => {
  it.each([...MODES, null])('is left alone, beside a database in the mode %s', async (mode) => {
    const path = databaseIn(mode);
    writeFileSync(path + end, 'My own report.');
    await expect(open(path)).rejects.toMatchObject({
      exitCode: 73,
      message: `Cannot open the SQLite database ${path}: ${path}${end} is not SQLite's, but SQLite would remove it or write to it. Move it away, or choose another name for the database.`,
    });
    expect(readFileSync(path + end, 'utf8')).toBe('My own report.');
    expect(existsSync(path)).toBe(mode !== null);
  });

  it('is left alone if it is a link or a folder', async () => {
    const path = databaseIn('WAL');
    const precious = join(temporaryFolder(), 'precious');
    symlinkSync(precious, path + end);
    await expect(open(path)).rejects.toMatchObject({ exitCode: 73 });
    expect(existsSync(precious)).toBe(false);
    rmSync(path + end);
    mkdirSync(path + end);
    await expect(open(path)).rejects.toMatchObject({ exitCode: 73 });
    expect(lstatSync(path + end).isDirectory()).toBe(true);
  });

  it('may be empty', async () => {
    const path = databaseIn('WAL');
    writeFileSync(path + end, '');
    await use(path);
  });
});

it.each([
  ['-journal', 'd9d505f920a163d7'],
  ['-wal', '377f0682'],
  ['-wal', '377f0683'],
])('what a database that is gone has left stays, because it may come back: %s', async (end, beginning) => {
  const path = databaseIn(null);
  const left = Buffer.concat([Buffer.from(beginning, 'hex'), Buffer.alloc(600)]);
  writeFileSync(path + end, left);
  await expect(open(path)).rejects.toMatchObject({
    exitCode: 73,
    message: `Cannot open the SQLite database ${path}: there is only ${path}${end}, which belongs to a database of that name. Restore the database, or move the file away.`,
  });
  expect(readFileSync(path + end)).toEqual(left);
  expect(existsSync(path)).toBe(false);
});

describe('what SQLite leaves when its process is killed', () => {
  const SMALL = "INSERT INTO prices VALUES ('a')";
  // More than the cache holds: the journal is synced, and pages are written to the database, before the commit.
  const LARGE = `PRAGMA cache_size = 2; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    UPDATE prices SET price = 'new'`;

  it.each([
    ['while it creates the first table', '-journal', 'DELETE', 'CREATE TABLE more (price)', true],
    ['before it syncs the journal', '-journal', 'DELETE', SMALL, false],
    ['after it has written to the database', '-journal', 'DELETE', LARGE, false],
    ['before it syncs a journal that it keeps', '-journal', 'PERSIST', SMALL, false],
    ['after a commit with a journal that it keeps', '-journal', 'PERSIST', `${SMALL}; COMMIT`, false],
    ['after a commit with a journal that it cuts', '-journal', 'TRUNCATE', `${SMALL}; COMMIT`, false],
    ['with a log', '-wal', 'WAL', SMALL, false],
    ['with a log that has a change', '-wal', 'WAL', `${SMALL}; COMMIT`, false],
    ['with a log, and others share its index', '-shm', 'WAL', LARGE, false],
  ])('%s is no reason to refuse the database', async (_when, end, mode, sql, isNew) => {
    const path = databaseIn(null);
    if (!isNew) {
      const database = twin.open(path);
      database.exec(`CREATE TABLE prices (price);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO prices SELECT 'old' || hex(zeroblob(100)) FROM n`);
      database.close();
    }
    killed(path, `PRAGMA journal_mode = ${mode}; BEGIN IMMEDIATE; ${sql}`);
    expect(existsSync(path + end)).toBe(true);
    await use(path);
    if (isNew) return;
    const database = twin.open(path);
    onTestFinished(() => database.close());
    expect(database.prepare("SELECT * FROM prices WHERE price = 'new'").all()).toEqual([]);
    expect(database.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
  });
});

describe.skipIf(process.geteuid === undefined)('a database behind a symbolic link', () => {
  it('is used if this user has made the link, and so are the files beside it', async () => {
    const path = databaseIn('DELETE');
    const link = join(temporaryFolder(), 'link.db');
    symlinkSync(path, link);
    await use(link);
    writeFileSync(`${path}-journal`, 'My own report.');
    await expect(open(link)).rejects.toMatchObject({ exitCode: 73 });
    expect(readFileSync(`${path}-journal`, 'utf8')).toBe('My own report.');
  });

  it('is created if this user has made the link, unless there is a file beside it', async () => {
    const target = databaseIn(null);
    const link = join(temporaryFolder(), 'link.db');
    symlinkSync(target, link);
    writeFileSync(`${target}-wal`, 'My own report.');
    await expect(open(link)).rejects.toMatchObject({ exitCode: 73 });
    rmSync(`${target}-wal`);
    await use(link);
    expect(statSync(target).size).toBeGreaterThan(0);
  });

  it.each([true, false])(
    'is refused if somebody else has made the link (database exists: %s)',
    async (exists) => {
      const target = databaseIn(exists ? 'DELETE' : null);
      const link = join(temporaryFolder(), 'link.db');
      symlinkSync(target, link);
      if (process.geteuid?.() === 0) lchownSync(link, 65534, 65534);
      else vi.spyOn(process, 'geteuid').mockReturnValue(lstatSync(link).uid + 1);
      await expect(open(link)).rejects.toMatchObject({
        exitCode: 73,
        message: expect.stringMatching(
          /link\.db: it is a symbolic link that belongs to another user \(UID \d+\), .+\. Give the path that it leads to/,
        ),
      });
      expect(existsSync(target)).toBe(exists);
    },
  );
});

it.each(MODES)(
  'a database with a second name is refused before it is opened, in the mode %s',
  async (mode) => {
    const path = databaseIn(mode);
    const before = readFileSync(path);
    linkSync(path, `${path}.copy`);
    for (const name of [path, `${path}.copy`]) {
      await expect(open(name)).rejects.toMatchObject({
        exitCode: 73,
        message: expect.stringMatching(
          /^Cannot open the SQLite database .+: it has a second name, a hard link\. .+ under one name only\.$/,
        ),
      });
    }
    expect(readFileSync(path)).toEqual(before);
  },
);

/** The path of a database with a table, in that mode; with `null`, of none. */
function databaseIn(mode: string | null): string {
  const path = join(realpathSync(temporaryFolder()), 'locks.db');
  if (mode !== null) {
    const database = twin.open(path);
    database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE prices (price)`);
    database.close();
  }
  return path;
}

/** Runs SQL in a process that is killed afterwards. */
function killed(path: string, sql: string): void {
  const program = `
    const { DatabaseSync } = require('@photostructure/sqlite');
    new DatabaseSync(${JSON.stringify(path)}).exec(${JSON.stringify(sql)});
    process.kill(process.pid, 'SIGKILL');
    setInterval(() => {}, 1000);`;
  const { signal, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(signal, stderr).toBe('SIGKILL');
}
