import { randomUUID } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
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
  type PostgresConnection,
  type PostgresResult,
  type PostgresStoreOptions,
  postgresSchema,
  postgresStore,
} from '../../../src/stores/postgres/index.js';
import { FakeClock, type FakePlace, FakeProcessTable } from '../../../src/testing/index.js';
import { poll } from '../../../support/running.js';
import { HOUR, MINUTE, untyped } from '../../../support/world.js';

const NAME = 'nightly';
const ELSEWHERE = { bootId: 'another-boot', pidNamespace: 'pid:[4026532999]', hostname: 'db-2' };

let database: PGlite;

beforeAll(async () => {
  database = await PGlite.create();
});

afterAll(() => database.close());

/** A table of its own, and the processes of one machine. */
class Scene {
  readonly table = `t${randomUUID().replaceAll('-', '')}`;
  readonly processes = new FakeProcessTable();

  acquire({
    connection = database,
    store = {},
    at,
    name = NAME,
    ...options
  }: Omit<AcquireOptions, 'store'> & {
    name?: string;
    connection?: PostgresConnection;
    store?: PostgresStoreOptions;
    /** Another process, which acts there. Default: this one. */
    at?: FakePlace;
  } = {}): Promise<Lock> {
    const process = at === undefined ? this.processes.own : this.processes.start(at);
    const dependencies = { processes: this.processes.as(process) };
    return acquire(name, {
      heartbeatMinimalInterval: 0,
      store: postgresStore(connection, { tableName: this.table, ...dependencies, ...store }),
      dependencies,
      ...options,
    });
  }

  inspect(): Promise<Inspection> {
    const dependencies = { processes: this.processes };
    const store = postgresStore(database, { tableName: this.table, ...dependencies });
    return inspect(NAME, { store, dependencies });
  }

  async run(sql: string): Promise<void> {
    await database.query(sql.replaceAll('livinglock', this.table));
  }

  async row(): Promise<Readonly<Record<string, unknown>>> {
    const { rows } = await database.query(`SELECT *, expires_at > now() AS is_held FROM ${this.table}`);
    return { ...Object(rows[0]) };
  }

  async exists(): Promise<boolean> {
    const { rows } = await database.query('SELECT FROM pg_class WHERE relname = $1', [this.table]);
    return rows.length > 0;
  }
}

describe('the table', () => {
  it('says who holds the lock, since when, and until when others wait', async () => {
    const scene = new Scene();
    const lock = await scene.acquire({ staleTimeout: '2h' });
    const { lock_time, ...row } = await scene.row();
    const since = new Date(String(lock_time)).getTime();
    expect(row).toMatchObject({
      lock_name: NAME,
      lock_owner: `fake-host:${scene.processes.own.pid}`,
      expires_at: new Date(lock.acquiredAt.getTime() + 2 * HOUR),
      heartbeat_at: lock.acquiredAt,
      token: lock.token,
      fencing_token: lock.fencingToken,
      stale_timeout_ms: String(2 * HOUR),
      hold_ms: null,
      holder: { process_id: scene.processes.own.pid, process: { hostname: 'fake-host' } },
      is_held: true,
    });
    expect(Math.abs(since - Date.now())).toBeLessThan(MINUTE);
  });

  it('contains the name of the owner', async () => {
    const scene = new Scene();
    await scene.acquire({ owner: 'server-1' });
    expect(await scene.row()).toMatchObject({ lock_owner: 'server-1' });
  });

  it('says of a lock that was released who had it last, and that nobody holds it', async () => {
    const scene = new Scene();
    const lock = await scene.acquire();
    await lock.release();
    expect(await scene.row()).toMatchObject({
      lock_owner: null,
      lock_time: null,
      expires_at: null,
      token: lock.token,
      fencing_token: lock.fencingToken,
      is_held: null,
    });
  });

  it.each([undefined, '55m'] as const)(
    'keeps nothing about the work of a released lock: %s',
    async (holdAtLeast) => {
      const scene = new Scene();
      const lock = await scene.acquire({ command: 'import --password=1234', owner: 'server-1', holdAtLeast });
      await lock.heartBeat({ note: 'customer 1234' });
      await lock.setWorkers([scene.processes.own.pid]);
      expect(await scene.row()).toMatchObject({
        details: { command: 'import --password=1234', user: expect.any(String), cwd: process.cwd() },
        workers: [{ pid: scene.processes.own.pid }],
        progress: { note: 'customer 1234' },
      });
      await lock.release();
      const row = await scene.row();
      expect(row).toMatchObject({ details: null, workers: [], progress: null });
      expect(Object.keys(Object(row['holder']))).toEqual(['owner', 'process', 'process_id']);
    },
  );

  it('says of a lock that was released early until when it is held', async () => {
    const scene = new Scene();
    const lock = await scene.acquire({ owner: 'server-1', holdAtLeast: '55m' });
    await lock.release();
    const { expires_at, ...row } = await scene.row();
    expect(row).toMatchObject({ lock_owner: 'server-1', lock_time: lock.acquiredAt, is_held: true });
    const until = new Date(String(expires_at)).getTime();
    expect(Math.abs(until - lock.acquiredAt.getTime() - 55 * MINUTE)).toBeLessThan(MINUTE);
  });

  it.each([Number.POSITIVE_INFINITY, 1e18])(
    'holds a lock with an infinite timeout forever: %d',
    async (staleTimeout) => {
      const scene = new Scene();
      await scene.acquire({ staleTimeout });
      expect(await scene.row()).toMatchObject({ is_held: true });
      const { rows } = await database.query(`SELECT expires_at::text AS until FROM ${scene.table}`);
      expect(rows).toEqual([{ until: 'infinity' }]);
      expect((await scene.inspect()).holder?.staleTimeout).toBe(staleTimeout);
    },
  );

  it('can be in another schema', async () => {
    await database.query('CREATE SCHEMA IF NOT EXISTS batch');
    const scene = new Scene();
    await scene.acquire({ store: { schema: 'batch' } });
    const { rows } = await database.query(`SELECT lock_name FROM batch.${scene.table}`);
    expect(rows).toEqual([{ lock_name: NAME }]);
    await scene.acquire();
  });

  it('cannot be in a schema that does not exist', async () => {
    await expect(new Scene().acquire({ store: { schema: 'nowhere' } })).rejects.toMatchObject({
      code: '3F000',
      message: expect.stringMatching(
        / "nowhere" does not exist\. Create the schema, grant this user USAGE on it, or choose another one/,
      ),
    });
  });

  it.each(['', '1st', 'job locks', 'a"b', "a'b", 'a;b', 'a.b', 'é', 'x'.repeat(64), 'a\n', 42, null])(
    'cannot be called %j',
    (name) => {
      for (const options of [{ tableName: name }, { schema: name }]) {
        expect(() => postgresStore(database, untyped(options))).toThrow(TypeError);
        expect(() => postgresSchema(untyped(options))).toThrow(/`(?:tableName|schema)`/);
      }
    },
  );

  it('is not created with `createTable: false`', async () => {
    const scene = new Scene();
    const refused = scene.acquire({ store: { createTable: false } });
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toThrow(
      `Cannot read the lock nightly: relation "${scene.table}" does not exist. Create the table from \`livinglock schema postgres\``,
    );
    await scene.run(postgresSchema());
    await scene.run(postgresSchema());
    await scene.acquire({ store: { createTable: false } });
  });

  it.each(['pg_temp', 'pg_temp_3'])('cannot be in %s, where it would keep nobody out', (schema) => {
    expect(() => postgresStore(database, { schema })).toThrow(
      `The option \`schema\` must not be ${schema}: a temporary table belongs to one connection, and keeps nobody else out.`,
    );
    expect(() => postgresSchema({ schema })).toThrow(TypeError);
  });

  it('is not created by `inspect` or `breakLock`', async () => {
    const scene = new Scene();
    const store = postgresStore(database, { tableName: scene.table });
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
    expect(await breakLock(NAME, { store })).toMatchObject({ state: 'free' });
    expect(await store.names?.()).toEqual([]);
    expect(await scene.exists()).toBe(false);
  });

  it.each([
    ['other columns', 'CREATE TABLE livinglock (lock_name text PRIMARY KEY, locked_by text)'],
    ['no key', postgresSchema().replace('PRIMARY KEY', '')],
    ['one column more', postgresSchema().replace('lock_owner ', 'tenant text NOT NULL, lock_owner ')],
    ['another type', postgresSchema().replace(/(?<=lock_time +)timestamptz/, 'integer')],
    ['times without a time zone', postgresSchema().replace(/(?<=heartbeat_at +)timestamptz/, 'timestamp')],
    ['a view', 'CREATE VIEW livinglock AS SELECT 1 AS lock_name'],
  ])('of another shape is left unchanged: %s', async (_what, sql) => {
    const scene = new Scene();
    await scene.run(sql);
    const refused = scene.acquire();
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toThrow(
      /nightly: .+ differs from what `livinglock schema postgres` prints\. Change it, or choose another: `schema` .+`tableName`\.$/,
    );
    const { rows } = await database.query(`SELECT lock_name FROM ${scene.table} WHERE lock_name::text = $1`, [
      NAME,
    ]);
    expect(rows).toEqual([]);
  });

  it('says what to do if it has `json` for `jsonb`', async () => {
    const scene = new Scene();
    await scene.run(postgresSchema().replace(/\bjsonb/g, 'json'));
    const lock = await scene.acquire();
    await expect(lock.heartBeat()).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '42846',
      message: expect.stringMatching(/ differs from what `livinglock schema postgres` prints\. Change it/),
    });
    await lock.release();
  });
});

describe('a trigger on the table', () => {
  const trigger = (body: string) => `
    CREATE OR REPLACE FUNCTION obstruct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
    CREATE TRIGGER obstruct BEFORE UPDATE ON livinglock FOR EACH ROW EXECUTE FUNCTION obstruct()`;

  it.each([
    ['needs a missing table', 'INSERT INTO livinglock_audit VALUES (1); RETURN NEW;', '42P01'],
    ['skips the change', 'RETURN NULL;', 'ERR_LOCK_UNCHANGED'],
  ])('that %s makes no holder lose its lock', async (_what, body, code) => {
    const scene = new Scene();
    const lock = await scene.acquire();
    for (const sql of trigger(body).split(/(?<=\$\$);/)) await scene.run(sql);
    const failure = { name: 'ErrLockStore', code };
    await expect(lock.heartBeat()).rejects.toMatchObject(failure);
    await expect(lock.release()).rejects.toMatchObject(failure);
    expect(await scene.inspect()).toMatchObject({ state: 'live', holder: { token: lock.token } });
    await scene.run('DROP TRIGGER obstruct ON livinglock');
    await lock.heartBeat();
    await lock.release();
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
  });

  it.each([
    ['in another schema', 'audit.livinglock', ''],
    ['by its own `search_path`', 'livinglock', 'SET search_path = audit'],
    ['with a longer name', '"old-livinglock"', ''],
  ])('that needs a missing table of the same name is named: %s', async (_what, missing, settings) => {
    const scene = new Scene();
    const lock = await scene.acquire();
    const body = `INSERT INTO ${missing} VALUES (1); RETURN NEW;`;
    const sql = trigger(body)
      .replace('plpgsql', `plpgsql ${settings}`)
      .replace(' UPDATE', ' INSERT OR UPDATE');
    for (const statement of sql.split(/(?<=\$\$);/)) await scene.run(statement);
    const failure = {
      name: 'ErrLockStore',
      code: '42P01',
      message: expect.stringMatching(
        /: relation ".*" does not exist\. A trigger needs that table: create it, or change the trigger\.$/,
      ),
    };
    await expect(lock.heartBeat()).rejects.toMatchObject(failure);
    await expect(lock.release()).rejects.toMatchObject(failure);
    await expect(scene.acquire({ name: 'another' })).rejects.toMatchObject(failure);
    expect(await scene.inspect()).toMatchObject({ state: 'live', holder: { token: lock.token } });
    await scene.run('DROP TRIGGER obstruct ON livinglock');
    await lock.release();
  });

  it('that skips the claim is not taken for another holder', async () => {
    const scene = new Scene();
    await scene.acquire({ at: ELSEWHERE, staleTimeout: MINUTE });
    await scene.run(`UPDATE livinglock SET heartbeat_at = now() - interval '2 hours'`);
    for (const sql of trigger('RETURN NULL;')
      .replace('UPDATE', 'INSERT OR UPDATE')
      .split(/(?<=\$\$);/))
      await scene.run(sql);
    const failure = { name: 'ErrLockStore', code: 'ERR_LOCK_UNCHANGED', isInDoubt: false };
    await expect(scene.acquire({ name: 'another' })).rejects.toMatchObject(failure);
    await expect(scene.acquire()).rejects.toMatchObject(failure);
  });
});

describe('a table that somebody changes by hand', () => {
  it.each([
    ['the row is deleted', 'DELETE FROM livinglock'],
    ['it has no owner any more', 'UPDATE livinglock SET lock_owner = NULL'],
    ['the table is dropped', 'DROP TABLE livinglock'],
  ])('loses the lock when %s, and continues with greater fencing tokens', async (_what, sql) => {
    const scene = new Scene();
    const lock = await scene.acquire();
    await scene.run(sql);
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect((await scene.acquire()).fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it('is not taken for dropped, nor created again, while the `search_path` leads elsewhere', async () => {
    const scene = new Scene();
    const store = postgresStore(database, { tableName: scene.table });
    const lock = await acquire(NAME, { store, heartbeatMinimalInterval: 0 });
    const schema = `s${scene.table}`;
    await scene.run(`CREATE SCHEMA ${schema}`);
    await scene.run(`SET search_path TO ${schema}`);
    const failure = {
      name: 'ErrLockStore',
      code: '42P01',
      message: expect.stringMatching(
        /is in the schema public, where this connection no longer looks for it\. .+`search_path`.+`\?schema=NAME`/,
      ),
    };
    try {
      await expect(lock.heartBeat()).rejects.toMatchObject(failure);
      await expect(lock.release()).rejects.toMatchObject(failure);
      await expect(acquire(NAME, { store })).rejects.toMatchObject(failure);
      await expect(store.names?.()).rejects.toMatchObject(failure);
      const unread = { ...store, read: () => null };
      await expect(acquire('another', { store: unread })).rejects.toMatchObject(failure);
    } finally {
      await scene.run('RESET search_path');
    }
    expect(lock.signal.aborted).toBe(false);
    await lock.heartBeat();
    await lock.release();
    const { rows } = await database.query('SELECT FROM pg_class WHERE relname = $1', [scene.table]);
    expect(rows).toHaveLength(1);
  });

  it('gives nobody the lock if its fencing token has no successor', async () => {
    const scene = new Scene();
    await (await scene.acquire()).release();
    await scene.run('UPDATE livinglock SET fencing_token = 9007199254740991');
    await expect(scene.acquire()).rejects.toMatchObject({
      code: 'ERR_LOCK_FENCING_TOKEN',
      message: expect.stringContaining('Delete its row or key'),
    });
    await scene.run('DELETE FROM livinglock');
    expect((await scene.acquire()).fencingToken).toBeGreaterThan(0);
  });

  it('gives the lock to the next contender if its record names no holder', async () => {
    const scene = new Scene();
    await scene.acquire();
    await scene.run(`UPDATE livinglock SET holder = '"Bob"'`);
    expect(await scene.inspect()).toMatchObject({ state: 'dead', holder: null });
    await scene.acquire();
  });
});

describe('a holder', () => {
  it('is aged by the clock of the server; a heartbeat from the future counts as old as it is ahead', async () => {
    const scene = new Scene();
    const lock = await scene.acquire({ at: ELSEWHERE, staleTimeout: HOUR });
    await expect(scene.acquire()).rejects.toThrow(/on db-2.+ cannot be checked from here/);
    await scene.run(`UPDATE livinglock SET heartbeat_at = now() + interval '59 minutes'`);
    expect(await scene.inspect()).toMatchObject({ state: 'live' });
    await scene.run(`UPDATE livinglock SET heartbeat_at = now() + interval '10 years'`);
    expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
    await scene.run(`UPDATE livinglock SET heartbeat_at = now() - interval '61 minutes'`);
    expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
    await scene.acquire();
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('on a clone of this machine may be alive, although it has the same boot ID', async () => {
    const scene = new Scene();
    const process = scene.processes.start({ hostname: 'clone-2' });
    await scene.acquire({ dependencies: { processes: scene.processes.as(process) } });
    process.kill();
    await expect(scene.acquire()).rejects.toThrow(/on clone-2.+ cannot be checked from here/);
  });

  it('of another boot may be alive, because other machines can have written it', async () => {
    const scene = new Scene();
    await scene.acquire();
    scene.processes.reboot();
    expect(await scene.inspect()).toMatchObject({ state: 'live' });
    await expect(scene.acquire()).rejects.toThrow(ErrLockBusy);
  });
});

describe('the connection', () => {
  test('gets two queries for a lock, and one for anything else', async () => {
    const scene = new Scene();
    await (await scene.acquire()).release();
    let questions = 0;
    const connection: PostgresConnection = {
      query: (text, values) => {
        questions++;
        return database.query(text, values);
      },
    };
    const questionsFor = async (act: () => Promise<unknown>) => {
      questions = 0;
      await act();
      return questions;
    };
    const lock = await scene.acquire({ connection });
    expect(questions).toBe(2);
    expect(await questionsFor(() => lock.heartBeat())).toBe(1);
    expect(await questionsFor(() => scene.acquire({ connection }).catch(() => {}))).toBe(1);
    expect(await questionsFor(() => lock.release())).toBe(1);
  });

  test.each([
    ['Connection terminated unexpectedly', '08006', ''],
    ['Connection terminated due to connection timeout', '08001', 'Check that the server is running'],
    [
      'Query read timeout',
      'ETIMEDOUT',
      'Check that the server is running and that its address is right, and',
    ],
    ['Cannot use a pool after calling end on the pool', '08003', 'end it after the last release'],
    ['PGlite is closed', '08003', 'end it after the last release'],
    ['made up', 'XX000', ''],
  ])('is understood if it reports an error only in words: %s', async (words, code, remedy) => {
    const query = () => Promise.reject(new Error(words));
    await expect(new Scene().acquire({ connection: { query } })).rejects.toMatchObject({
      name: 'ErrLockStore',
      code,
      message: expect.stringMatching(`^Cannot read the lock nightly: ${words}(?:\\..* ${remedy}.+)?$`),
    });
  });

  test('may answer a change with the rows and their number, as TypeORM does', async () => {
    const scene = new Scene();
    const connection: PostgresConnection = {
      query: async (text, values) => {
        const { rows, affectedRows } = await database.query(text, values);
        return /\bUPDATE\b/.test(text) ? [rows, affectedRows] : rows;
      },
    };
    const lock = await scene.acquire({ connection });
    await lock.heartBeat({ note: 'halfway' });
    expect((await scene.inspect()).holder?.progress?.note).toBe('halfway');
    await breakLock(NAME, { store: postgresStore(database, { tableName: scene.table }), force: true });
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  const ROWS_EXPECTED =
    /Cannot read the lock .*must resolve to the rows, as objects, or to an object with `rows`/;

  test.each([
    ['rows and more about them', [[{ answer: '{}' }], { rowCount: 1 }]],
    ['rows without names', { rows: [['done', '{}']] }],
    ['the number of rows', 1],
    ['nothing', undefined],
  ])('that answers with %s is refused', async (_, result) => {
    const connection = { query: async () => untyped<PostgresResult>(result) };
    await expect(new Scene().acquire({ connection })).rejects.toThrow(ROWS_EXPECTED);
  });
});

describe('an answer that comes after it was given up', () => {
  it('leaves no lock with a contender that knows nothing of it, and none lost that another call has', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const dependencies = { clock, processes };
    let deliver: (() => Promise<unknown>) | null = null;
    let isHeldBack = false;
    const slow: PostgresConnection = {
      query: (text, values) => {
        if (!isHeldBack || !text.includes('INSERT')) return database.query(text, values);
        return new Promise((resolve) => {
          deliver = async () => resolve(await database.query(text, values));
        });
      },
    };
    const store = postgresStore(slow, { tableName: new Scene().table, ...dependencies });
    await (await acquire(NAME, { store, dependencies })).release();

    isHeldBack = true;
    const refused = expect(acquire(NAME, { store, dependencies })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      isInDoubt: true,
    });
    await poll('The claim was not sent', () => deliver !== null);
    await clock.advance(30_000);
    await refused;
    isHeldBack = false;
    const lock = await acquire(NAME, { store, dependencies, heartbeatMinimalInterval: 0 });
    await Object(deliver)();
    expect((await inspect(NAME, { store, dependencies })).holder?.token).toBe(lock.token);
    await lock.heartBeat();
    await lock.release();
    expect((await inspect(NAME, { store, dependencies })).state).toBe('free');
  });
});

describe('options', () => {
  it.each([{ tabelName: 'locks' }, { createTable: 'no' }])(
    'are refused if they make no sense: %j',
    (options) => {
      expect(() => postgresStore(database, untyped(options))).toThrow(TypeError);
    },
  );

  it('do not accept a URL as a connection', () => {
    expect(() => postgresStore(untyped('postgres://localhost'))).toThrow(
      /needs a connection with the method `query`/,
    );
  });
});
