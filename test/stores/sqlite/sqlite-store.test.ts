import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type AcquireOptions,
  acquire,
  breakLock,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  type Inspection,
  inspect,
  type Lock,
} from '../../../src/index.js';
import {
  type SqliteDatabase,
  type SqliteStoreOptions,
  sqliteSchema,
  sqliteStore,
} from '../../../src/stores/sqlite/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, temporaryFolder, untyped } from '../../../support/world.js';
import {
  type Connection,
  type Driver,
  drivers,
  type IterableConnection,
  type Reopenable,
  reopening,
  twin,
} from './databases.js';

const NAME = 'nightly';
const CONTAINER = { bootId: 'another-boot', pidNamespace: 'pid:[4026532999]', hostname: 'db-2' };

/** A database file, connections to it, and the processes and the clock of one machine. */
class Scene {
  readonly clock = new FakeClock();
  readonly processes = new FakeProcessTable(this.clock);
  readonly path = join(temporaryFolder(), 'shop.db');
  readonly database = this.connect();

  connect(path: string = this.path, driver: Driver = twin): IterableConnection {
    const database = driver.open(path);
    onTestFinished(() => {
      try {
        database.close();
      } catch {
        // The test has closed it.
      }
    });
    return database;
  }

  async acquire(
    database: SqliteDatabase = this.database,
    {
      process = this.processes.own,
      store = {},
      name = NAME,
      ...options
    }: Omit<AcquireOptions, 'store'> & {
      name?: string;
      process?: FakeProcess;
      store?: SqliteStoreOptions;
    } = {},
  ): Promise<Lock> {
    const dependencies = { clock: this.clock, processes: this.processes.as(process) };
    return acquire(name, {
      heartbeatMinimalInterval: 0,
      store: sqliteStore(database, { ...dependencies, ...store }),
      dependencies,
      ...options,
    });
  }

  inspect(database: SqliteDatabase = this.database): Promise<Inspection> {
    const dependencies = { clock: this.clock, processes: this.processes };
    return inspect(NAME, { store: sqliteStore(database, dependencies), dependencies });
  }

  /** The row of the lock, read by another connection. */
  row(table = 'livinglock'): Readonly<Record<string, unknown>> {
    const reader = this.connect();
    const [row] = reader.prepare(`SELECT * FROM ${table} WHERE lock_name = ?`).all(NAME);
    reader.close();
    return { ...(typeof row === 'object' && row) };
  }
}

/** A connection whose statements of one kind fail, before or after they were carried out. */
/** @param times How often they fail; then they work. */
function failing(
  database: Connection,
  kind: string,
  when: 'before' | 'after',
  error: Error,
  times = Number.POSITIVE_INFINITY,
): SqliteDatabase {
  let failures = 0;
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      if (!sql.startsWith(kind)) return statement;
      return {
        all(...parameters) {
          failures += 1;
          if (failures > times) return statement.all(...parameters);
          if (when === 'after') statement.all(...parameters);
          throw error;
        },
      };
    },
  };
}

function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
}

describe('the table', () => {
  it('says who holds the lock, since when, and until when others wait', async () => {
    const scene = new Scene();
    const before = Date.now();
    const lock = await scene.acquire(undefined, { staleTimeout: '2h' });
    const row = scene.row();
    expect(row).toMatchObject({
      lock_owner: `fake-host:${scene.processes.own.pid}`,
      token: lock.token,
      fencing_token: lock.fencingToken,
      stale_timeout_ms: 2 * HOUR,
    });
    const time = Date.parse(String(row['lock_time']));
    expect(new Date(time).toISOString()).toBe(row['lock_time']);
    expect(Math.abs(time - before)).toBeLessThan(MINUTE);
    expect(row['heartbeat_at']).toBe(row['lock_time']);
    expect(Date.parse(String(row['expires_at']))).toBe(time + 2 * HOUR);
    expect(lock.acquiredAt).toEqual(new Date(time));
    expect(JSON.parse(String(row['holder']))).toMatchObject({
      process_id: scene.processes.own.pid,
      process: { hostname: 'fake-host' },
    });
  });

  it.each([undefined, '55m'] as const)(
    'keeps nothing about the work of a released lock: %s',
    async (holdAtLeast) => {
      const scene = new Scene();
      const lock = await scene.acquire(undefined, {
        command: 'import --password=1234',
        owner: 'server-1',
        holdAtLeast,
      });
      await lock.heartBeat({ note: 'customer 1234' });
      await lock.setWorkers([scene.processes.own.pid]);
      const { details, progress } = scene.row();
      expect(JSON.parse(String(details))).toEqual({
        command: 'import --password=1234',
        user: expect.any(String),
        cwd: process.cwd(),
      });
      expect(String(progress)).toContain('customer 1234');
      await lock.release();
      const row = scene.row();
      expect(row).toMatchObject({ details: null, workers: '[]', progress: null });
      expect(Object.keys(JSON.parse(String(row['holder'])))).toEqual(['process_id', 'process', 'owner']);
    },
  );

  it('says of a lock that was released who had it last, and that nobody holds it', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    await lock.release();
    expect(scene.row()).toMatchObject({
      lock_owner: null,
      lock_time: null,
      expires_at: null,
      token: lock.token,
      fencing_token: lock.fencingToken,
    });
  });

  it.each([2 ** 53, 1e16, 2 ** 63 - 1024, 1e300])('can contain a timeout of %d ms', async (staleTimeout) => {
    const scene = new Scene();
    const lock = await scene.acquire(scene.database, { staleTimeout });
    expect((await scene.inspect()).holder?.staleTimeout).toBe(staleTimeout);
    await lock.release();
  });

  it('says that a lock with an infinite timeout never expires', async () => {
    const scene = new Scene();
    await scene.acquire(undefined, { staleTimeout: Number.POSITIVE_INFINITY });
    expect(scene.row()).toMatchObject({ expires_at: null, stale_timeout_ms: null });
    expect((await scene.inspect()).holder?.staleTimeout).toBe(Number.POSITIVE_INFINITY);
  });

  it('contains the heartbeat when the call returns', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec(`UPDATE livinglock SET heartbeat_at = '2020-01-01T00:00:00.000Z'`);
    const beaten = lock.heartBeat({ progress: 0.5, note: 'half-way' });
    const row = scene.row();
    await beaten;
    expect(Date.parse(String(row['heartbeat_at']))).toBeGreaterThan(Date.parse('2021-01-01'));
    expect(JSON.parse(String(row['progress']))).toEqual({ ratio: 0.5, note: 'half-way' });
  });

  it('can have another name', async () => {
    const scene = new Scene();
    await scene.acquire(undefined, { store: { tableName: 'job_locks' } });
    expect(scene.row('job_locks')).toMatchObject({ lock_name: NAME });
    await scene.acquire();
  });

  it.each([
    '',
    '1st',
    'job locks',
    'a"b',
    "a'b",
    'a;b',
    'main.locks',
    'sqlite_locks',
    'é',
    'x'.repeat(64),
    'a\n',
    42,
    null,
  ])('cannot be called %j', (tableName) => {
    const scene = new Scene();
    expect(() => sqliteStore(scene.database, untyped({ tableName }))).toThrow(TypeError);
    expect(() => sqliteSchema(untyped({ tableName }))).toThrow(/`tableName`/);
  });

  it('is not created with `createTable: false`', async () => {
    const scene = new Scene();
    const store = { createTable: false, tableName: 'job_locks' };
    const refused = scene.acquire(undefined, { store });
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toThrow(
      'Cannot read the lock nightly: no such table: main.job_locks. Create the table from `livinglock schema sqlite`',
    );
    await expect(async () => sqliteStore(scene.database, store).names?.()).rejects.toThrow(
      'Cannot list the locks of the database: no such table: main.job_locks. Create the table from `livinglock schema sqlite`',
    );
    scene.database.exec(sqliteSchema({ tableName: 'job_locks' }));
    await scene.acquire(undefined, { store });
  });

  it('is not created by `inspect` or `breakLock`', async () => {
    const scene = new Scene();
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
    expect(await breakLock(NAME, { store: sqliteStore(scene.database) })).toMatchObject({ state: 'free' });
    expect(scene.database.prepare('SELECT name FROM sqlite_master').all()).toEqual([]);
  });

  it.each([
    ['other columns', 'CREATE TABLE livinglock (lock_name TEXT PRIMARY KEY, locked_by TEXT)'],
    ['no key', sqliteSchema().replace('PRIMARY KEY', '')],
    ['one column more', sqliteSchema().replace('lock_owner ', 'tenant TEXT NOT NULL, lock_owner ')],
    ['a view', 'CREATE VIEW livinglock AS SELECT 1 AS lock_name'],
  ])('of another shape is left unchanged: %s', async (_what, sql) => {
    const scene = new Scene();
    scene.database.exec(sql);
    const refused = scene.acquire();
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toThrow(
      /nightly: .+ differs from what `livinglock schema sqlite` prints\. Change it, or .+`tableName`\.$/,
    );
    expect(scene.database.prepare('SELECT * FROM livinglock WHERE lock_name = ?').all(NAME)).toEqual([]);
  });
});

describe("a table of the same name in another of the connection's databases", () => {
  it.each(['attached', 'temporary'])('is not the table of the locks: %s', async (kind) => {
    const scene = new Scene();
    const other = kind === 'attached' ? 'crm' : 'temp';
    if (kind === 'attached') scene.database.exec(`ATTACH '${join(temporaryFolder(), 'crm.db')}' AS crm`);
    scene.database.exec(sqliteSchema().replace('"livinglock"', `${other}.livinglock`));
    const lock = await scene.acquire();
    expect(scene.row()).toMatchObject({ token: lock.token });
    await expect(scene.acquire(scene.connect())).rejects.toThrow(ErrLockBusy);
    await lock.heartBeat();
    await lock.release();
    expect(scene.row()).toMatchObject({ lock_owner: null });
    expect(scene.database.prepare(`SELECT * FROM ${other}.livinglock`).all()).toEqual([]);
  });
});

describe('a trigger on the table', () => {
  it.each([
    ['needs a missing table', 'INSERT INTO livinglock_audit VALUES (1)', 'SQLITE_ERROR'],
    ['skips the change', 'SELECT raise(IGNORE)', 'ERR_LOCK_UNCHANGED'],
  ])('that %s makes no holder lose its lock', async (_what, body, code) => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec(`CREATE TRIGGER obstruct BEFORE UPDATE ON livinglock BEGIN ${body}; END`);
    const failure = { name: 'ErrLockStore', code };
    await expect(lock.heartBeat()).rejects.toMatchObject(failure);
    await expect(lock.release()).rejects.toMatchObject(failure);
    expect(await scene.inspect()).toMatchObject({ state: 'live', holder: { token: lock.token } });
    scene.database.exec('DROP TRIGGER obstruct');
    await lock.heartBeat();
    await lock.release();
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
  });

  it('that skips the claim is not taken for another holder', async () => {
    const scene = new Scene();
    await (await scene.acquire()).release();
    for (const change of ['INSERT', 'UPDATE'])
      scene.database.exec(
        `CREATE TRIGGER no_${change} BEFORE ${change} ON livinglock BEGIN SELECT raise(IGNORE); END`,
      );
    const failure = { name: 'ErrLockStore', code: 'ERR_LOCK_UNCHANGED', isInDoubt: false };
    await expect(scene.acquire()).rejects.toMatchObject(failure);
  });
});

describe('a connection that is configured to return something else', () => {
  it.each([
    ['rows as arrays', (path: string) => new DatabaseSync(path, { returnArrays: true })],
    [
      'the names of columns with their table',
      (path: string) => {
        const database = new DatabaseSync(path);
        database.exec('PRAGMA short_column_names = OFF; PRAGMA full_column_names = ON');
        return database;
      },
    ],
  ])('still finds the holder: %s', async (_, open) => {
    const scene = new Scene();
    const database = open(scene.path);
    onTestFinished(() => database.close());
    const lock = await scene.acquire(database);
    const other = scene.processes.start();
    await expect(scene.acquire(database, { process: other })).rejects.toThrow(ErrLockBusy);
    expect(await scene.inspect(database)).toMatchObject({ state: 'live', holder: { token: lock.token } });
    await lock.heartBeat();
    expect(await sqliteStore(database).names?.()).toEqual([NAME]);
    await lock.release();
    expect(scene.row()).toMatchObject({ lock_owner: null });
  });

  it('is told so if the store cannot read it, and its holder does not count as dead', async () => {
    const scene = new Scene();
    await scene.acquire();
    const database: SqliteDatabase = {
      exec: (sql) => scene.database.exec(sql),
      prepare: (sql) => ({
        all: (...values) =>
          scene.database
            .prepare(sql)
            .all(...values)
            .map((row) => Object.values(Object(row))),
      }),
    };
    await expect(scene.acquire(database)).rejects.toMatchObject({
      name: 'ErrLockStore',
      message: expect.stringContaining('does not return rows as objects'),
    });
  });
});

describe.runIf(process.platform === 'linux').each(drivers)('a connection of $name', ({ open }) => {
  it('that nobody closes or uses any longer is collected, with its file', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const path = join(temporaryFolder(), 'shop.db');
    const descriptors = () =>
      readdirSync('/proc/self/fd').filter((name) => linkAt(`/proc/self/fd/${name}`) === path).length;
    for (let count = 1; count <= 20; count++) {
      await sqliteStore(open(path)).read(NAME);
      // The collector runs when nothing else does.
      await setImmediate();
    }
    for (let tries = 1; tries <= 20 && descriptors() > 2; tries++) {
      collect();
      await setImmediate();
    }
    expect(descriptors()).toBeLessThanOrEqual(2);
  });

  function linkAt(path: string): string | null {
    try {
      return readlinkSync(path);
    } catch {
      return null;
    }
  }
});

describe('a connection in the middle of a long query', () => {
  it('ends nobody, because it does not see the heartbeats since', async () => {
    const scene = new Scene();
    scene.database.exec('PRAGMA journal_mode = WAL');
    const holder = scene.processes.start();
    const lock = await scene.acquire(scene.database, { process: holder, staleTimeout: '1h' });
    const reader = new DatabaseSync(scene.path);
    onTestFinished(() => reader.close());
    const query = reader.prepare('SELECT * FROM livinglock, (VALUES (1), (2), (3))');
    const rows = query.iterate();
    expect(rows.next().done).toBe(false);
    await scene.clock.advance(2 * HOUR);
    await lock.heartBeat();
    expect(await scene.inspect(reader)).toMatchObject({ state: 'stalled' });
    const refused = scene.acquire(reader, { terminateStalled: true });
    const rejected = expect(refused).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    await scene.clock.advance(MINUTE);
    await rejected;
    expect(scene.processes.signals).toEqual([]);
    rows.return?.();
    // A query that nothing refers to ends with the next garbage collection.
    expect(query.all()).toHaveLength(3);
    await expect(scene.acquire(reader, { terminateStalled: true })).rejects.toThrow(ErrLockBusy);
  });
});

describe('a table that somebody changes by hand', () => {
  it.each(['9007199254740991', '9223372036854775807'])(
    'gives nobody the lock if its fencing token has no successor: %s',
    async (last) => {
      const scene = new Scene();
      await (await scene.acquire()).release();
      scene.database.exec(`UPDATE livinglock SET fencing_token = ${last}`);
      await expect(scene.acquire()).rejects.toMatchObject({
        code: 'ERR_LOCK_FENCING_TOKEN',
        message: expect.stringContaining('Delete its row or key'),
      });
      scene.database.exec('DELETE FROM livinglock');
      expect((await scene.acquire()).fencingToken).toBeGreaterThan(0);
    },
  );

  it('loses the lock when the row is deleted, and continues with greater fencing tokens', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec('DELETE FROM livinglock');
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect((await scene.acquire()).fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it('loses the lock when it no longer has an owner', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec('UPDATE livinglock SET lock_owner = NULL');
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect((await scene.acquire()).fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it('loses the lock when the table is dropped', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec('DROP TABLE livinglock');
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    await scene.acquire();
  });

  it('gives the lock to the next contender if its record names no holder', async () => {
    const scene = new Scene();
    await scene.acquire();
    scene.database.exec(`UPDATE livinglock SET holder = 'Bob'`);
    expect(await scene.inspect()).toMatchObject({ state: 'dead', holder: null });
    await scene.acquire();
  });
});

describe.skipIf(process.platform === 'win32')('a database file that is moved away', () => {
  it.each(['WAL', 'DELETE'])('by a backup or for good loses its locks, in the mode %s', async (mode) => {
    for (const isReplaced of [true, false]) {
      const scene = new Scene();
      scene.database.exec(`PRAGMA journal_mode = ${mode}`);
      copyFileSync(scene.path, `${scene.path}.backup`);
      const lost = await scene.acquire();
      const also = await scene.acquire(scene.database, { name: 'weekly' });
      for (const end of ['-wal', '-shm']) rmSync(scene.path + end, { force: true });
      if (isReplaced) renameSync(`${scene.path}.backup`, scene.path);
      else rmSync(scene.path);

      await expect(scene.acquire(scene.database, { name: 'monthly' })).rejects.toMatchObject({
        code: 'SQLITE_READONLY_DBMOVED',
        message: expect.stringMatching(
          / was removed or replaced while .*\. Open the database with a new connection\./,
        ),
      });
      const next = await scene.acquire(scene.connect());
      await expect(lost.heartBeat()).rejects.toThrow(ErrLockLost);
      expect(lost.signal.aborted).toBe(true);
      await expect(also.release()).rejects.toThrow(ErrLockLost);
      await next.release();
    }
  });

  it('loses its locks although its holder only looks', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    const { signal } = lock;
    rmSync(scene.path);
    writeFileSync(scene.path, '');
    await scene.clock.advance(MINUTE);
    expect(signal.reason).toBeInstanceOf(ErrLockLost);
  });

  it('is noticed although it happened before the first lock was acquired', async () => {
    const scene = new Scene();
    const store = sqliteStore(scene.database);
    rmSync(scene.path);
    writeFileSync(scene.path, '');
    await expect(acquire(NAME, { store })).rejects.toMatchObject({ code: 'SQLITE_READONLY_DBMOVED' });
  });

  it('keeps them while nothing is in its place, because it may come back', async () => {
    const scene = new Scene();
    scene.database.exec('PRAGMA journal_mode = WAL');
    const lock = await scene.acquire();
    renameSync(scene.path, `${scene.path}.away`);
    await lock.heartBeat();
    await scene.clock.advance(MINUTE);
    expect(lock.signal.aborted).toBe(false);
    await expect(scene.acquire(scene.database, { name: 'weekly' })).rejects.toThrow(
      'Open the database with a new',
    );
    renameSync(`${scene.path}.away`, scene.path);
    await lock.release();
  });
});

describe.skipIf(process.platform === 'win32').each(drivers)(
  'a database file that is moved away in rollback mode, by $name',
  (driver) => {
    it('takes no heartbeat until it is back, and says so', async () => {
      const scene = new Scene();
      const database = scene.connect(scene.path, driver);
      const lock = await scene.acquire(database);
      renameSync(scene.path, `${scene.path}.away`);
      const failure = {
        name: 'ErrLockStore',
        code: 'SQLITE_READONLY_DBMOVED',
        message: expect.stringMatching(
          /^Cannot .+ the lock nightly: .+shop\.db was removed or replaced while the database was open\. Open the database with a new connection\. To keep its locks, put the file back first\.$/,
        ),
        cause: { message: 'attempt to write a readonly database' },
      };
      await expect(lock.heartBeat()).rejects.toMatchObject(failure);
      await expect(lock.release()).rejects.toMatchObject(failure);
      renameSync(`${scene.path}.away`, scene.path);
      await lock.heartBeat();
      await lock.release();
    });
  },
);

describe('a holder', () => {
  it('of this machine that is dead is replaced at once', async () => {
    const scene = new Scene();
    const process = scene.processes.start();
    await scene.acquire(undefined, { process });
    await expect(scene.acquire()).rejects.toThrow(ErrLockBusy);
    process.kill();
    await scene.acquire();
  });

  it('of this machine is aged by the clock that nobody can set', async () => {
    const scene = new Scene();
    const process = scene.processes.start();
    await scene.acquire(undefined, { process });
    scene.database.exec(`UPDATE livinglock SET heartbeat_at = '2020-01-01T00:00:00.000Z'`);
    expect(await scene.inspect()).toMatchObject({ state: 'live', heartbeatAge: 0 });
    await scene.clock.advance(HOUR + SECOND);
    expect(await scene.inspect()).toMatchObject({ state: 'stalled', heartbeatAge: HOUR + SECOND });
  });

  it('of another machine is aged by the clock of SQLite; a heartbeat from the future counts as old as it is ahead', async () => {
    const scene = new Scene();
    const process = scene.processes.start(CONTAINER);
    const lock = await scene.acquire(undefined, { process, staleTimeout: HOUR });
    process.kill();
    // The clock of this process does not matter.
    await scene.clock.advance(100 * HOUR);
    await expect(scene.acquire()).rejects.toThrow(/on db-2.+ cannot be checked from here/);

    scene.database.exec(
      `UPDATE livinglock SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+59 minutes')`,
    );
    expect(await scene.inspect()).toMatchObject({ state: 'live' });
    scene.database.exec(
      `UPDATE livinglock SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+10 years')`,
    );
    expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
    scene.database.exec(
      `UPDATE livinglock SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-61 minutes')`,
    );
    expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
    await scene.acquire();
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('of an earlier boot is dead if only this machine can have written it', async () => {
    const scene = new Scene();
    const memory = scene.connect(':memory:');
    await scene.acquire(memory);
    scene.processes.reboot();
    // The heartbeat is by the clock of SQLite, which is the machine's.
    scene.clock.stepWallClock(Date.now() + HOUR - scene.clock.now());
    scene.clock.reboot();
    expect(await scene.inspect(memory)).toMatchObject({
      state: 'dead',
      reason: 'the machine has been restarted since its last heartbeat',
    });
  });

  it('of another boot may be alive if other machines can have written it', async () => {
    const scene = new Scene();
    const memory = scene.connect(':memory:');
    const onNetwork: SqliteDatabase = {
      exec: (sql) => memory.exec(sql),
      prepare: (sql) =>
        sql === 'PRAGMA database_list'
          ? { all: () => [{ seq: 0, name: 'main', file: '/nowhere/to/be/found/shop.db' }] }
          : memory.prepare(sql),
    };
    await scene.acquire(onNetwork);
    scene.processes.reboot();
    expect(await scene.inspect(onNetwork)).toMatchObject({ state: 'live' });
  });
});

describe('a database in which somebody else writes', () => {
  it('is waited for', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    const other = scene.connect();
    other.exec('BEGIN IMMEDIATE');
    const beaten = lock.heartBeat({ note: 'late' });
    other.exec('COMMIT');
    await scene.clock.advance(SECOND);
    await beaten;
    expect(scene.row()).toMatchObject({ progress: '{"ratio":null,"note":"late"}' });
  });

  it('is not waited for without limit', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    const other = scene.connect();
    other.exec('BEGIN IMMEDIATE');
    const released = expect(lock.release()).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: 'SQLITE_BUSY',
      message: expect.stringMatching(
        /^Cannot release the lock nightly: database is locked\. Other connections .+ call again\.$/,
      ),
    });
    await scene.clock.advance(10 * SECOND);
    await released;
    other.exec('COMMIT');
    await lock.heartBeat();
    await lock.release();
    expect(scene.row()).toMatchObject({ lock_owner: null });
  });

  it('does not give a lock whose commit has failed', async () => {
    const scene = new Scene();
    scene.database.exec('PRAGMA journal_mode = DELETE');
    await (await scene.acquire()).release();
    // A reader lets others write, but not commit.
    const reader = scene.connect();
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM livinglock').all();
    const acquired = expect(scene.acquire()).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    await scene.clock.advance(10 * SECOND);
    await acquired;
    reader.exec('COMMIT');
    expect(scene.row()).toMatchObject({ lock_owner: null });
    await scene.acquire();
  });
});

describe('a connection in the middle of a transaction', () => {
  it('is not used', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.exec('BEGIN');
    for (const refused of [lock.heartBeat(), lock.release(), scene.acquire(), scene.inspect()]) {
      await expect(refused).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'ERR_LOCK_IN_TRANSACTION',
        message: expect.stringContaining('Give the store a connection of its own'),
      });
    }
    scene.database.exec('ROLLBACK');
    await lock.heartBeat();
    await lock.release();
  });

  it('is recognized with better-sqlite3 too', async () => {
    const scene = new Scene();
    const { database } = scene;
    const better: SqliteDatabase = {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => database.prepare(sql),
      inTransaction: true,
    };
    await expect(scene.acquire(better)).rejects.toMatchObject({ code: 'ERR_LOCK_IN_TRANSACTION' });
  });
});

describe.each(drivers)('a connection of $name in the middle of a writing statement', (driver) => {
  it('is not used for changes, which would be undone with the statement', async () => {
    const scene = new Scene();
    const database = scene.connect(scene.path, driver);
    database.exec('CREATE TABLE jobs (id INTEGER, state); INSERT INTO jobs VALUES (1, 0), (2, 0)');
    const lock = await scene.acquire(database);
    const taking = database.prepare('UPDATE jobs SET state = 1 RETURNING id').iterate();
    taking.next();
    for (const refused of [lock.heartBeat(), lock.release(), scene.acquire(database, { name: 'weekly' })]) {
      await expect(refused).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'ERR_LOCK_IN_TRANSACTION',
        isInDoubt: false,
        message: expect.stringMatching(
          /^Cannot .+ in the middle of a writing statement, because .+ end the writing statement first\.$/,
        ),
      });
    }
    expect(await scene.inspect(database)).toMatchObject({ state: 'live' });
    taking.return?.();
    expect(database.isTransaction).toBe(false);
    await lock.heartBeat();
    await lock.release();
  });

  it('is recognized with better-sqlite3 too, which refuses `all` for what returns no rows', async () => {
    const scene = new Scene();
    const database = scene.connect(scene.path, driver);
    database.exec('CREATE TABLE jobs (id INTEGER); INSERT INTO jobs VALUES (1), (2)');
    const better: SqliteDatabase = {
      inTransaction: false,
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        const statement = database.prepare(sql);
        const reader = /^SELECT|RETURNING|^PRAGMA/.test(sql);
        return {
          reader,
          all(...parameters) {
            if (reader) return statement.all(...parameters);
            throw new TypeError('This statement does not return data. Use run() instead');
          },
        };
      },
    };
    const lock = await scene.acquire(better);
    const taking = database.prepare('UPDATE jobs SET id = 3 RETURNING id').iterate();
    taking.next();
    await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'ERR_LOCK_IN_TRANSACTION' });
    taking.return?.();
    await lock.heartBeat();
    await lock.release();
  });

  it('is used while one that only reads is unfinished', async () => {
    const scene = new Scene();
    const database = scene.connect(scene.path, driver);
    database.exec('CREATE TABLE jobs (id INTEGER); INSERT INTO jobs VALUES (1), (2)');
    const reading = database.prepare('SELECT id FROM jobs').iterate();
    reading.next();
    const lock = await scene.acquire(database);
    await lock.heartBeat();
    await lock.release();
    reading.return?.();
  });
});

describe('a driver that fails', () => {
  it.each(['before', 'after'] as const)('%s it has created the lock', async (when) => {
    const scene = new Scene();
    scene.database.exec(sqliteSchema());
    const unlucky = failing(scene.database, 'INSERT', when, diskError());
    if (when === 'after') {
      const lock = await scene.acquire(unlucky);
      expect(scene.row()).toMatchObject({ token: lock.token });
    } else {
      await expect(scene.acquire(unlucky)).rejects.toMatchObject({
        code: 'SQLITE_IOERR',
        message:
          'Cannot create the lock nightly: disk I/O error. Check that the disk is healthy, and try again.',
        cause: diskError(),
      });
      expect(scene.row()).toEqual({});
    }
  });

  it.each(['before', 'after'] as const)('%s it has taken the lock over', async (when) => {
    const scene = new Scene();
    const process = scene.processes.start();
    const dead = await scene.acquire(undefined, { process });
    process.kill();
    const times = when === 'after' ? 1 : 2;
    const unlucky = failing(scene.database, 'UPDATE', when, diskError(), times);
    if (when === 'after')
      expect((await scene.acquire(unlucky)).fencingToken).toBeGreaterThan(dead.fencingToken);
    else await expect(scene.acquire(unlucky)).rejects.toMatchObject({ code: 'SQLITE_IOERR' });
    expect(scene.row()['token'] === dead.token).toBe(when === 'before');
  });

  it('cannot be read either, and the same process gets its lock at the next try', async () => {
    const scene = new Scene();
    scene.database.exec(sqliteSchema());
    let hasFailed = false;
    const gone: SqliteDatabase = {
      exec: (sql) => scene.database.exec(sql),
      prepare: (sql) => ({
        all(...parameters) {
          if (hasFailed) throw diskError();
          const rows = scene.database.prepare(sql).all(...parameters);
          if (!sql.startsWith('INSERT')) return rows;
          hasFailed = true;
          throw diskError();
        },
      }),
    };
    await expect(scene.acquire(gone)).rejects.toMatchObject({ code: 'SQLITE_IOERR' });
    expect(scene.row()['lock_owner']).not.toBeNull();
    const lock = await scene.acquire();
    expect(scene.row()).toMatchObject({ token: lock.token });
  });

  it.each(['before', 'after'] as const)('%s it has released the lock', async (when) => {
    const scene = new Scene();
    const times = when === 'after' ? 1 : 2;
    const unlucky = failing(
      scene.database,
      'UPDATE main."livinglock" SET lock_owner = NULL',
      when,
      diskError(),
      times,
    );
    const lock = await scene.acquire(unlucky);
    if (when === 'after') await lock.release();
    else await expect(lock.release()).rejects.toMatchObject({ code: 'SQLITE_IOERR' });
    expect(scene.row()['lock_owner'] === null).toBe(when === 'after');
  });

  it('fails before or after a heartbeat, and the next heartbeat works again', async () => {
    for (const when of ['before', 'after'] as const) {
      const scene = new Scene();
      const lock = await scene.acquire(failing(scene.database, 'UPDATE', when, diskError()));
      for (let count = 1; count <= 2; count++) {
        await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'SQLITE_IOERR' });
      }
      expect(lock.signal.aborted).toBe(false);
      expect(scene.row()).toMatchObject({ token: lock.token });
    }
  });
});

describe('a database that cannot be used', () => {
  it('because it is read-only says so, and nothing is changed', async () => {
    const scene = new Scene();
    await scene.acquire();
    const database = new DatabaseSync(scene.path, { readOnly: true });
    onTestFinished(() => database.close());
    expect(await scene.inspect(database)).toMatchObject({ state: 'live' });
    await expect(scene.acquire(database, { name: 'another' })).rejects.toMatchObject({
      code: 'SQLITE_READONLY',
      message: expect.stringMatching(
        /^Cannot create the lock another: attempt to write a readonly database\. Open the database for writing, and give this user the right/,
      ),
    });
  });

  it.each(drivers)('because its connection is told to read only says so, by $name', async (driver) => {
    const scene = new Scene();
    const database = scene.connect(scene.path, driver);
    const lock = await scene.acquire(database);
    database.exec('PRAGMA query_only = ON');
    expect(await scene.inspect(database)).toMatchObject({ state: 'live' });
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'SQLITE_READONLY',
      message:
        'Cannot write a heartbeat to the lock nightly: attempt to write a readonly database. ' +
        '`PRAGMA query_only` is on: switch it off, or give the store a connection of its own.',
    });
    await expect(lock.release()).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    database.exec('PRAGMA query_only = OFF');
    await lock.release();
  });

  it('because it is read-only gets no table', async () => {
    const scene = new Scene();
    scene.database.exec('PRAGMA query_only = ON');
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
    await expect(scene.acquire()).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
  });

  it('because the file is not a database says so', async () => {
    const scene = new Scene();
    writeFileSync(scene.path, 'This is a letter to my aunt. '.repeat(200));
    await expect(scene.acquire(scene.connect())).rejects.toMatchObject({
      code: 'SQLITE_NOTADB',
      message: 'Cannot read the lock nightly: file is not a database. Give the path of an SQLite database.',
    });
    expect(readFileSync(scene.path, 'utf8')).toMatch(/^This is a letter/);
  });

  it('because it is damaged says so', async () => {
    const scene = new Scene();
    await scene.acquire();
    scene.database.close();
    // Everything but the header, which is 100 bytes long, and the schema after it.
    const file = openSync(scene.path, 'r+');
    writeSync(file, Buffer.alloc(readFileSync(scene.path).length - 4096, 0x5a), 0, undefined, 4096);
    closeSync(file);
    await expect(scene.acquire(scene.connect())).rejects.toMatchObject({ code: 'SQLITE_CORRUPT' });
  });

  it('because it was closed says so', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    scene.database.close();
    await expect(lock.release()).rejects.toMatchObject({
      name: 'ErrLockStore',
      message: expect.stringContaining('Keep the database open until the lock is released.'),
    });
  });
});

describe.each(reopening)('a connection of $name that is closed and opened again', (driver) => {
  function reopenable(scene: Scene): Reopenable {
    const database = driver.open(scene.path);
    onTestFinished(() => {
      try {
        database.close();
      } catch {
        // The test has closed it.
      }
    });
    return database;
  }

  it('keeps its locks, and writes each change once', async () => {
    const scene = new Scene();
    const database = reopenable(scene);
    const options = { store: sqliteStore(database), heartbeatMinimalInterval: 0 };
    const other = await scene.acquire(database, { name: 'weekly' });
    await other.heartBeat();
    for (const revision of [0, 5]) {
      const lock = await acquire(NAME, options);
      await lock.heartBeat();
      for (const change of [() => lock.heartBeat(), () => lock.heartBeat(), () => lock.release()]) {
        database.close();
        database.open();
        await change();
      }
      expect(scene.row()).toMatchObject({ revision: revision + 5, lock_owner: null });
    }
    await other.heartBeat();
    await other.release();
  });

  it('can be used as before for what was read from it', async () => {
    const scene = new Scene();
    const database = reopenable(scene);
    const store = sqliteStore(database);
    await scene.acquire(database);
    expect(store.names?.()).toEqual([NAME]);
    database.close();
    database.open();
    expect(store.names?.()).toEqual([NAME]);
    expect(await scene.inspect(database)).toMatchObject({ state: 'live' });
    await expect(scene.acquire(database)).rejects.toThrow(ErrLockBusy);
  });

  it('is closed until then', async () => {
    const scene = new Scene();
    const database = reopenable(scene);
    const lock = await scene.acquire(database);
    database.close();
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'ERR_INVALID_STATE',
      message: expect.stringContaining('Keep the database open until the lock is released.'),
    });
    database.open();
    await lock.heartBeat();
    await lock.release();
  });

  it.skipIf(process.platform === 'win32')('has the file that was put there in the meantime', async () => {
    const scene = new Scene();
    const database = reopenable(scene);
    const lock = await scene.acquire(database);
    database.close();
    copyFileSync(scene.path, `${scene.path}.copy`);
    renameSync(`${scene.path}.copy`, scene.path);
    database.open();
    await lock.heartBeat();
    const weekly = await scene.acquire(database, { name: 'weekly' });
    renameSync(scene.path, `${scene.path}.away`);
    writeFileSync(scene.path, '');
    await expect(weekly.heartBeat()).rejects.toThrow(ErrLockLost);
    await expect(scene.acquire(database, { name: 'monthly' })).rejects.toMatchObject({
      code: 'SQLITE_READONLY_DBMOVED',
    });
  });
});

describe('errors of better-sqlite3, whose codes are names', () => {
  it.each([
    ['SQLITE_BUSY_SNAPSHOT', 'SQLITE_BUSY'],
    ['SQLITE_IOERR_WRITE', 'SQLITE_IOERR'],
    ['SQLITE_READONLY', 'SQLITE_READONLY'],
    ['SQLITE_READONLY_DIRECTORY', 'SQLITE_READONLY'],
    ['SQLITE_READONLY_DBMOVED', 'SQLITE_READONLY_DBMOVED'],
  ])('%s', async (code, expected) => {
    const scene = new Scene();
    scene.database.exec(sqliteSchema());
    const error = Object.assign(new Error('made up'), { code });
    const refused = expect(
      scene.acquire(failing(scene.database, 'SELECT', 'before', error)),
    ).rejects.toMatchObject({ name: 'ErrLockStore', code: expected });
    await scene.clock.advance(10 * SECOND);
    await refused;
  });
});

describe('options', () => {
  it.each([{ tabelName: 'locks' }, { createTable: 'no' }])(
    'are refused if they make no sense: %j',
    (options) => {
      expect(() => sqliteStore(new Scene().database, untyped(options))).toThrow(TypeError);
    },
  );

  it('do not accept a path as a database', () => {
    expect(() => sqliteStore(untyped('shop.db'))).toThrow(
      /needs a database with the methods `prepare` and `exec`/,
    );
  });
});
