import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isPosix } from '../support/machine.js';
import { canServePostgres, PostgresServer } from '../support/postgres/postgres-server.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { nodeRedis } from '../support/redis/redis-drivers.js';
import { RedisServer } from '../support/redis/redis-server.js';
import { poll } from '../support/running.js';
import { Desk } from './support/desk.js';
import { testCommandsIn } from './support/store-rules.js';

/** Whether a program of that name has got an answer from the server. */
async function isAnswered(url: string, name: string): Promise<boolean> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle' AND query LIKE '%livinglock%'`,
    [name],
  );
  await client.end();
  return rows.length > 0;
}

describe.skipIf(!isPosix)('a command under a lock', () => {
  describe.skipIf(!canServePostgres)('in PostgreSQL', () => {
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(() => server?.end());
    testCommandsIn(() => server?.urlFor() ?? '');

    test('gets the password from ~/.pgpass, without a warning of the driver', async () => {
      const admin = new pg.Client(server?.urlFor());
      await admin.connect();
      await admin.query(`CREATE ROLE member LOGIN PASSWORD 'right'`);
      await admin.query('GRANT ALL ON SCHEMA public TO member');
      await admin.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO member');
      await admin.end();
      await server?.askForPassword('member');
      const desk = new Desk();
      writeFileSync(join(desk.folder, '.pgpass'), '*:*:*:member:right\n', { mode: 0o600 });
      const env = { LIVINGLOCK_STORE: server?.urlFor('member').replace(':@', '@') };
      const ended = await desk.run(['run', 'job', '--', 'sh', '-c', '$LIVINGLOCK beat'], env);
      expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    });

    test('keeps its lock in the schema that the address names', async () => {
      const admin = new pg.Client(server?.urlFor());
      await admin.connect();
      onTestFinished(() => admin.end());
      const url = server?.urlFor() ?? '';
      const env = { LIVINGLOCK_STORE: `${url}&schema=ops` };
      const desk = new Desk();
      const missing = await desk.run(['run', 'job', '--', 'true'], env);
      expect(missing.code).toBe(73);
      expect(missing.stderr).toContain('schema "ops" does not exist. Create the schema');
      await admin.query('CREATE SCHEMA ops');
      const created = await desk.run(['schema', 'postgres', '--schema', 'ops']);
      await admin.query(created.stdout);
      const script =
        'livinglock beat && livinglock status job && ! livinglock status --store "$ELSEWHERE" job';
      const ended = await desk.run(['run', 'job', '--', 'sh', '-c', script], { ...env, ELSEWHERE: url });
      expect(ended).toMatchObject({ code: 0 });
      const { rows } = await admin.query('SELECT lock_name FROM ops.livinglock');
      expect(rows).toEqual([{ lock_name: 'job' }]);
      expect(await desk.run(['status'], env)).toMatchObject({
        stdout: 'No locks in PostgreSQL, schema ops.\n',
      });
      const refused = await desk.run(['status', '--store', `${url}&schema=a.b`]);
      expect(refused.code).toBe(64);
      expect(refused.stderr).toMatch(
        /not valid for PostgreSQL: The option `schema` must consist of .+'a\.b'/,
      );
    });

    test('goes on while the server is away, and so does a contender that waits for its lock', async () => {
      const desk = new Desk();
      const env = { LIVINGLOCK_STORE: server?.urlFor() ?? '' };
      const script = 'echo up; read -r x; $LIVINGLOCK beat; echo "beat $?"; read -r x';
      const run = desk.start(['run', 'restart', '--', 'sh', '-c', script], env);
      await run.prints(/up/);
      const waiting = desk.start(['run', '--wait', '60s', 'restart', '--', 'echo', 'mine'], env);
      await waiting.says(/Waiting/);
      const url = server?.urlFor() ?? '';
      const named = { LIVINGLOCK_STORE: `${url}${url.includes('?') ? '&' : '?'}application_name=looking` };
      const looking = desk.start(['wait', '--timeout', '60s', 'restart'], named);
      await poll('It does not look', () => isAnswered(url, 'looking'));
      await server?.stop();
      run.write('\n');
      await run.prints(/beat 0/);
      expect(run.stderr).toMatch(/The command can continue/);
      await server?.resume();
      run.write('\n');
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'mine\n' });
      expect(await looking.ended).toMatchObject({ code: 0, stderr: '' });
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
    testCommandsIn(() => server().url);

    test('of a server that accepts connections and never answers is not awaited forever', async () => {
      server().pause();
      onTestFinished(() => server().resume());
      const ended = await new Desk().run(['run', '--store', server().url, 'job', '--', 'echo', 'never']);
      expect(ended).toMatchObject({ code: 73, stdout: '' });
      expect(ended.stderr).toMatch(/ livinglock: [a-z]+: Cannot reach Redis at 127\.0\.0\.1:\d+: /);
    });

    test('says what to change in an address that the server refuses', async () => {
      const operator = await nodeRedis.connect(server().url);
      onTestFinished(() => operator.close());
      await operator.call('ACL', 'SETUSER', 'narrow', 'on', '>secret', '~*', '+@all', '-select');
      const locked = await RedisServer.start('--requirepass', 'secret');
      onTestFinished(() => locked.end());
      for (const [address, words] of [
        [locked.url, 'Write the password as redis://:PASSWORD@HOST'],
        [server().url.replace('//', '//narrow:secret@').concat('/1'), 'ACL SETUSER name +select'],
        [server().url.replace('redis:', 'rediss:'), 'both sides use TLS (rediss:) or neither'],
      ] as const) {
        const ended = await new Desk().run(['status', '--store', address]);
        expect(ended).toMatchObject({ code: 73, stderr: expect.stringContaining(words) });
      }
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
