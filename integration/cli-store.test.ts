import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { canServePostgres, PostgresServer } from '../support/postgres/postgres-server.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { nodeRedis } from '../support/redis/redis-drivers.js';
import { RedisServer } from '../support/redis/redis-server.js';
import { poll } from '../support/running.js';
import { silentServer } from '../support/silent-server.js';
import { Desk } from './support/desk.js';

describe.skipIf(!isPosix)('a command under a lock', () => {
  describe('in SQLite', () => {
    testStore(() => `sqlite:${join(temporaryFolder(), 'locks.db')}`);
  });

  describe.skipIf(!canServePostgres)('in PostgreSQL', () => {
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(() => server?.end());
    testStore(() => server?.urlFor() ?? '');

    test('goes on while the server is away, and so does a contender that waits for its lock', async () => {
      const desk = new Desk();
      const env = { LIVINGLOCK_STORE: server?.urlFor() ?? '' };
      const script = 'echo up; read -r x; $LIVINGLOCK beat; echo "beat $?"; read -r x';
      const run = desk.start(['run', 'restart', '--', 'sh', '-c', script], env);
      await run.prints(/up/);
      const waiting = desk.start(['run', '--wait', '60s', 'restart', '--', 'echo', 'mine'], env);
      await waiting.says(/Waiting/);
      await server?.stop();
      run.write('\n');
      await run.prints(/beat 0/);
      expect(run.stderr).toMatch(/The command can go on/);
      await server?.resume();
      run.write('\n');
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'mine\n' });
    });

    test('that ends while the server is away is released when the server is back', async () => {
      const desk = new Desk();
      const env = { LIVINGLOCK_STORE: server?.urlFor() ?? '' };
      const run = desk.start(['run', 'away', '--', 'sh', '-c', 'echo up; read -r x; echo down; exit 5'], env);
      await run.prints(/up/);
      await server?.stop();
      run.write('\n');
      await run.prints(/down/);
      await server?.resume();
      expect(await run.ended).toMatchObject({ code: 5 });
      expect(await desk.run(['wait', '--timeout', '0', 'away'], env)).toMatchObject({ code: 0 });
    });
  });

  describeWithRedis('in Redis', (server) => {
    testStore(() => server().url);

    test('of a server that accepts connections and never answers is not awaited forever', async () => {
      server().pause();
      onTestFinished(() => server().resume());
      const ended = await new Desk().run(['run', '--store', server().url, 'job', '--', 'echo', 'never']);
      expect(ended).toMatchObject({ code: 73, stdout: '' });
      expect(ended.stderr).toMatch(/ livinglock: [a-z]+: Cannot reach Redis at 127\.0\.0\.1:\d+: /);
    });

    test('does not begin after a signal that came while the server was busy with the claim', async () => {
      const operator = await nodeRedis.connect(server().url);
      onTestFinished(() => operator.close());
      const desk = new Desk();
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        await operator.call('CLIENT', 'PAUSE', '60000', 'WRITE');
        const run = desk.start(['run', '--store', server().url, 'late', '--', 'echo', 'never']);
        await poll('It does not ask', async () =>
          String(await operator.call('CLIENT', 'LIST')).includes('cmd=eval'),
        );
        run.signal(signal);
        await operator.call('CLIENT', 'UNPAUSE');
        expect(await run.ended).toMatchObject({ code, stdout: '' });
        const next = await desk.run(['run', '--store', server().url, 'late', '--', 'echo', 'next']);
        expect(next).toMatchObject({ code: 0, stdout: 'next\n' });
      }
    });

    test('is shown again when the server is back, even if no lock is named', async () => {
      const own = await RedisServer.start();
      onTestFinished(() => own.end());
      const watching = new Desk().start(['status', '--watch', '--store', own.url]);
      await watching.prints(/No locks in Redis/);
      await own.stop('SIGKILL');
      await watching.says(/Cannot list the locks/);
      await own.start();
      const run = new Desk().start(['run', '--store', own.url, 'back', '--', 'sh', '-c', 'read -r x']);
      await watching.prints(/back +live/);
      run.write('\n');
      await run.ended;
      watching.signal('SIGTERM');
      await watching.ended;
    });
  });
});

/** Each with a lock of its own, because they share a server. */
function testStore(address: () => string): void {
  test('keeps contenders out, tells them who holds it, and lets them in at its end', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_STORE: address() };
    const run = desk.start(
      ['run', '--owner', 'server-1', 'backup', '--', 'sh', '-c', 'echo up; read -r x'],
      env,
    );
    await run.prints(/up/);
    const busy = await desk.run(['run', 'backup', '--', 'true'], env);
    expect(busy).toMatchObject({ code: 75, stdout: '' });
    expect(busy.stderr).toMatch(/ livinglock: backup is held by server-1, PID \d+ on /);
    expect(await desk.run(['wait', '--timeout', '0', 'backup'], env)).toMatchObject({ code: 75 });
    expect(await desk.run(['break', 'backup'], env)).toMatchObject({ code: 75 });
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await desk.run(['wait', '--timeout', '0', 'backup'], env)).toMatchObject({ code: 0 });
    expect(existsSync(desk.path('backup'))).toBe(false);
  });

  test('can send heartbeats for it without options, and is shown with its progress', async () => {
    const desk = new Desk();
    const store = address();
    const script = '$LIVINGLOCK beat --progress 0.4 --note "table 4 of 10"; echo "beat $?"; read -r x';
    const run = desk.start([
      'run',
      '--store',
      store,
      '--heartbeat',
      'manual',
      'dump',
      '--',
      'sh',
      '-c',
      script,
    ]);
    await run.prints(/beat 0/);
    const { stdout } = await desk.run(['status', '--json', '--store', store]);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'dump', path: 'dump', state: 'live', progress: { ratio: 0.4, note: 'table 4 of 10' } },
    ]);
    run.write('\n');
    await run.ended;
    expect(await desk.run(['status', '--store', store])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^No locks in (?:the SQLite database|PostgreSQL|Redis)/),
    });
  });

  test('counts as held for its minimum time, even after its end', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_STORE: address() };
    expect(await desk.run(['run', '--hold-at-least', '1h', 'hourly', '--', 'true'], env)).toMatchObject({
      code: 0,
    });
    const busy = await desk.run(['run', 'hourly', '--', 'true'], env);
    expect(busy.code).toBe(75);
    expect(busy.stderr).toMatch(
      /hourly was released .* ago by PID .*, but counts as held for another \d+ minutes/,
    );
    expect((await desk.run(['status', 'hourly'], env)).stdout).toMatch(/^hourly +cooldown/m);
    expect(await desk.run(['break', '--force', 'hourly'], env)).toMatchObject({ code: 0 });
    expect(await desk.run(['status', 'hourly'], env)).toMatchObject({ code: 1 });
  });

  test('stays with a sticky owner that comes back in time, and goes to others when it does not', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_STORE: address() };
    const as = (owner: string, hold = '1h') =>
      desk.run(
        ['run', '--owner', owner, '--sticky', '--hold-at-least', hold, 'poller', '--', 'echo', owner],
        env,
      );
    for (let count = 0; count < 3; count++) {
      expect(await as('server-1')).toMatchObject({ code: 0, stdout: 'server-1\n' });
      expect(await as('server-2')).toMatchObject({ code: 75, stdout: '' });
    }
    expect(await as('server-1', '1ms')).toMatchObject({ code: 0 });
    expect(await as('server-2')).toMatchObject({ code: 0, stdout: 'server-2\n' });
    expect(await as('server-1')).toMatchObject({ code: 75, stdout: '' });
  });

  test('ends when someone has broken the lock, and a checkpoint in it says so', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_STORE: address() };
    const options = ['--stale-timeout', '4s', '--heartbeat-interval', '1s'];
    const script = 'echo "token $LIVINGLOCK_TOKEN"; read -r x';
    const run = desk.start(['run', ...options, 'import', '--', 'sh', '-c', script], env);
    const [, token = ''] = await run.prints(/token (\S+)/);
    const inside = {
      LIVINGLOCK_PATH: 'import',
      LIVINGLOCK_TOKEN: token,
      LIVINGLOCK_HELD_IN: env.LIVINGLOCK_STORE,
    };
    expect(await desk.run(['beat'], inside)).toMatchObject({ code: 0 });
    expect(await desk.run(['break', '--force', 'import'], env)).toMatchObject({ code: 0 });
    expect(await desk.run(['beat'], inside)).toMatchObject({ code: 76 });
    expect(await run.ended).toMatchObject({ code: 76 });
  });
}

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
    ['mysql://db/shop', 64, /It is one of postgres:\/\/…, redis:\/\/…, sqlite:PATH/],
    ['shop.db', 64, /It is one of/],
    ['sqlite::memory:', 64, /keeps nobody out/],
    ['sqlite:/proc/none/locks.db', 73, /Cannot open the SQLite database \/proc\/none\/locks.db: /],
    ['postgres://batch:secret@127.0.0.1:1/shop', 73, /ECONNREFUSED.*Check that the server is running/],
    ['redis://:secret@127.0.0.1:1', 73, /Cannot reach Redis at 127.0.0.1:1: .*ECONNREFUSED/],
    ['redis://:secret@127.0.0.1:1/shop', 64, /no valid address of Redis.*%40 for @/],
    ['postgresq://batch:secret@db/shop', 64, /It is one of postgres:/],
  ])('such as %s is refused with %i, and without its password', async (store, code, message) => {
    const ended = await new Desk().run(['run', '--store', store, 'job', '--', 'echo', 'never']);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^(?:[-+:T\d]+ )?livinglock: [^\n]+\n$/);
    expect(ended.stderr).not.toContain('secret');
  });

  test('in a variable is refused without its password too', async () => {
    const ended = await new Desk().run(['status'], { LIVINGLOCK_STORE: 'mysql://batch:secret@db/shop' });
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toMatch(/^livinglock: [^\n]*It is one of postgres:[^\n]+\n$/);
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

  test('that is empty means files', async () => {
    const desk = new Desk();
    const ended = await desk.run(['run', 'job', '--', 'sh', '-c', 'echo $LIVINGLOCK_PATH'], {
      LIVINGLOCK_STORE: '',
    });
    expect(ended.stdout.trim()).toBe(desk.path('job'));
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
      const hooks = `data:text/javascript,${encodeURIComponent(hide(name))}`;
      const register = `import { register } from 'node:module'; register(${JSON.stringify(hooks)});`;
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(register)}`;
      const ended = await new Desk().run(['run', '--store', store, 'job', '--', 'true'], { NODE_OPTIONS });
      expect(ended).toMatchObject({ code: 64 });
      expect(ended.stderr).toContain(`npm install ${name}`);
    }
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
