import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { poll } from '../support/running.js';
import { silentServer } from '../support/silent-server.js';
import { Desk, oneLineWith } from './support/desk.js';
import { testCommandsIn } from './support/store-rules.js';

describe.skipIf(!isPosix)('a command under a lock in SQLite', () => {
  testCommandsIn(() => `sqlite:${join(temporaryFolder(), 'locks.db')}`);
});

describe.skipIf(!isPosix)('a server that accepts connections and never answers', () => {
  test('does not hold up a wait for longer than its timeout', async () => {
    const { port } = await silentServer();
    const store = `postgres://127.0.0.1:${port}`;
    const ended = await new Desk().run(['wait', '--timeout', '50ms', '--store', store, 'job']);
    expect(ended).toMatchObject({
      code: 73,
      stderr: expect.stringMatching(/^livinglock: Cannot read the lock job: no answer within 1 second\. /),
    });
  });

  test('does not hold up a run that is told to stop', async () => {
    const { port, isCalled } = await silentServer();
    const run = new Desk().start(['run', '--store', `postgres://127.0.0.1:${port}`, 'job', '--', 'true']);
    await poll('It does not connect', isCalled);
    run.signal('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 143, stdout: '' });
  });
});

describe('an address of a store', () => {
  test.each([
    ['mysql://db/shop', 64, /It must be one of postgres:\/\/…, redis:\/\/…, sqlite:PATH/],
    ['shop.db', 64, /It must be one of/],
    ['sqlite::memory:', 64, /keeps nobody out/],
    ['sqlite:/proc/none/locks.db', 73, /Cannot open the SQLite database \/proc\/none\/locks.db: /],
    ['postgres://batch:secret@127.0.0.1:1/shop', 73, /ECONNREFUSED.*Check that the server is running/],
    ['redis://:secret@127.0.0.1:1', 73, /Cannot reach Redis at 127.0.0.1:1: .*ECONNREFUSED/],
    ['redis://:secret@127.0.0.1:1/shop', 64, /is not valid for Redis.*number of a database\. .*%40 for @/],
    ['postgres://batch:top/secret@127.0.0.1:1/shop', 64, /is not valid for PostgreSQL.*%2F for \//],
    ['postgres://127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/nope', 64, /not valid for .*'\/nope'/],
    ['postgresq://batch:secret@db/shop', 64, /It must be one of postgres:/],
  ])('such as %s is refused with %i, and without its password', async (store, code, message) => {
    const ended = await new Desk().run(['run', '--store', store, 'job', '--', 'echo', 'never']);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^(?:[-+:T\d]+ )?livinglock: [^\n]+\n$/);
    expect(ended.stderr).not.toContain('secret');
  });

  test('that asks for encryption brings no warning of the driver with it', async () => {
    const store = 'postgres://127.0.0.1:1/shop?sslmode=require';
    const ended = await new Desk().run(['run', '--store', store, 'job', '--', 'true']);
    expect(ended).toMatchObject({ code: 73, stderr: expect.stringMatching(/^[^\n]*ECONNREFUSED[^\n]*\n$/) });
  });

  test('in a variable is refused without its password too', async () => {
    const ended = await new Desk().run(['status'], { LIVINGLOCK_STORE: 'mysql://batch:secret@db/shop' });
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toMatch(/^livinglock: [^\n]*It must be one of postgres:[^\n]+\n$/);
    expect(ended.stderr).not.toContain('secret');
  });

  test('in a variable also applies to a scheduled job and its lock', async () => {
    const env = { LIVINGLOCK_STORE: 'redis://db' };
    const args = ['schedule', '--every', '2m', '--name', 'feed', '--for', 'cron', '--', 'true'];
    const { stdout } = await new Desk().run(args, env);
    expect(stdout).toMatch(/ run .*--store=redis:\/\/db .*feed -- /);
  });

  test('of a server that is away fails a checkpoint without a runner, which would end the command in time', async () => {
    const inside = {
      LIVINGLOCK_PATH: 'import',
      LIVINGLOCK_TOKEN: 'token',
      LIVINGLOCK_HELD_IN: 'postgres://127.0.0.1:1/shop',
    };
    expect(await new Desk().run(['beat'], inside)).toMatchObject({ code: 73 });
  });

  test('of a missing database does not create it for a mere look', async () => {
    const file = join(temporaryFolder(), 'typo.db');
    const seen = await new Desk().run(['status', '--store', `sqlite:${file}`]);
    expect(seen).toMatchObject({ code: 73, stderr: expect.stringContaining(`no SQLite database ${file}`) });
    expect(existsSync(file)).toBe(false);
  });

  test('that is empty is refused: with locks in files, jobs on several servers would run at once', async () => {
    const ended = await new Desk().run(['run', 'job', '--', 'echo', 'never'], { LIVINGLOCK_STORE: '' });
    expect(ended).toMatchObject({ code: 64, stdout: '', stderr: oneLineWith('unset LIVINGLOCK_STORE') });
  });

  test('in a variable applies to the run, and not to a run of another lock within it', async () => {
    const desk = new Desk();
    const store = `sqlite:${join(temporaryFolder(), 'locks.db')}`;
    const ended = await desk.run([
      ...['run', '--store', store, 'outer', '--', 'sh', '-c'],
      '$LIVINGLOCK run inner -- sh -c \'echo "$LIVINGLOCK_PATH"\'',
    ]);
    expect(ended.stdout.trim()).toBe(desk.path('inner'));
  });

  test('of a Redis that is away is reported with version 4 of node-redis too, whose clients have no `destroy`', async () => {
    const driver = `
      import { EventEmitter } from 'node:events';
      class Client extends EventEmitter {
        async connect() { this.emit('error', new Error('connect ECONNREFUSED')); }
        async eval() {}
        async evalSha() {}
        async disconnect() { throw new Error('The client is closed'); }
      }
      export const createClient = () => new Client();`;
    const hooks = `
      export async function resolve(specifier, context, next) {
        return specifier === 'redis'
          ? { url: ${JSON.stringify(moduleOf(driver))}, shortCircuit: true }
          : next(specifier, context);
      }`;
    const ended = await new Desk().run(['status', '--store', 'redis://127.0.0.1:1'], withHooks(hooks));
    expect(ended).toMatchObject({
      code: 73,
      stderr: expect.stringMatching(/Cannot reach Redis .*ECONNREFUSED/),
    });
  });

  test('whose driver is not installed gets the answer what to install', async () => {
    const hide = (name: string) => `
      export async function resolve(specifier, context, next) {
        if (['${name}', 'ioredis', 'better-sqlite3', 'node:sqlite'].includes(specifier)) {
          throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' });
        }
        return next(specifier, context);
      }`;
    for (const [store, name] of [
      ['postgres://127.0.0.1:1/x', 'pg'],
      ['redis://127.0.0.1:1', 'redis'],
      ['sqlite:/tmp/x.db', '@photostructure/sqlite'],
    ] as const) {
      const ended = await new Desk().run(
        ['run', '--store', store, 'job', '--', 'true'],
        withHooks(hide(name)),
      );
      expect(ended).toMatchObject({ code: 64 });
      expect(ended.stderr).toContain(`npm install ${name}`);
    }
  });

  test('that cannot be opened is told to whoever is told of runs, and recorded', async () => {
    const desk = new Desk();
    const store = `sqlite:${join(desk.folder, 'none/locks.db')}`;
    const args = ['run', '--store', store, '--history', '--notify', 'cat > event', 'job', '--', 'true'];
    expect(await desk.run(args)).toMatchObject({ code: 73 });
    expect(JSON.parse(readFileSync(join(desk.folder, 'event'), 'utf8'))).toMatchObject({
      outcome: 'not-started',
      exitCode: 73,
      reason: expect.stringMatching(/^Cannot open the SQLite database /),
    });
    expect((await desk.run(['history', 'job'])).stdout).toMatch(/^job .* not-started +73$/m);
  });
});

describe('the name of an owner', () => {
  test.each(['', 'a\nb', 'x'.repeat(65)])('such as %j is refused as an invalid owner', async (owner) => {
    const ended = await new Desk().run(['run', '--owner', owner, 'job', '--', 'echo', 'never']);
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toMatch(/^livinglock: [^\n]*--owner[^\n]+1 to 64 bytes[^\n]+\n$/);
  });
});

describe('livinglock schema', () => {
  test('prints the SQL for the table', async () => {
    const desk = new Desk();
    const { stdout } = await desk.run(['schema', 'postgres', '--schema', 'ops', '--table', 'job_locks']);
    expect(stdout).toMatch(/^CREATE TABLE IF NOT EXISTS "ops"."job_locks" \(\n.+\n\);\n$/s);
    expect((await desk.run(['schema', 'sqlite'])).stdout).toMatch(
      /^CREATE TABLE IF NOT EXISTS "livinglock" \(/,
    );
    for (const database of ['postgres', 'sqlite'])
      expect((await desk.run(['schema', database, '--fences'])).stdout).toMatch(
        /^CREATE TABLE IF NOT EXISTS "livinglock_fences" \(/,
      );
  });

  test.each(
    [
      ['schema', 'mysql'],
      ['schema', 'sqlite', '--schema', 'ops'],
      ['schema', 'postgres', '--table', 'locks"; DROP TABLE users; --'],
    ].map((args) => [args.join(' '), args] as const),
  )('refuses %s', async (_, args) => {
    expect(await new Desk().run(args)).toMatchObject({ code: 64, stdout: '' });
  });
});

function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** The environment in which Node asks these hooks (https://nodejs.org/api/module.html#customization-hooks) for its modules. */
function withHooks(source: string): NodeJS.ProcessEnv {
  const register = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(source))});`;
  return { NODE_OPTIONS: `--import=${moduleOf(register)}` };
}
