import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import { Running } from '../support/running.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/leader.js', import.meta.url));

describeWithPostgres('servers of which one leads', (server) => {
  /** The stale timeout is long, unless a leader is to be replaced: on a busy machine PostgreSQL may not answer for seconds. */
  function start(name: string, staleTimeout = '10m'): Running {
    const parameters = [name, server().urlFor(), staleTimeout, '1000'];
    return new Running(process.execPath, [PROGRAM, ...parameters], { env: process.env });
  }

  test('hand over when the leader is told to end', async () => {
    const first = start('server-1');
    await first.prints(/server-1 leads\n/);
    const second = start('server-2');
    await second.prints(/server-2 waits\n/);
    first.signal('SIGTERM');
    expect(await first.ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/server-1 leads no longer\n$/),
      stderr: '',
    });
    await second.prints(/server-2 leads\n/);
    second.signal('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('replace a leader that hangs, and it stops leading when it goes on', async () => {
    const first = start('server-1', '2s');
    await first.prints(/server-1 leads\n/);
    const second = start('server-2', '2s');
    first.signal('SIGSTOP');
    await second.prints(/server-2 leads\n/);
    first.signal('SIGCONT');
    await first.prints(/server-1 leads no longer\n.*server-1 leader was lost: .*PID \d+.* holds it now/);
    second.signal('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
    await first.prints(/was lost(?:.*\n)+?.*server-1 leads\n/);
    first.signal('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('replace a leader whose work hangs, though its process lives', async () => {
    const pool = poolOf(server());
    const first = start('server-1', '2s');
    await first.prints(/server-1 leads\n/);
    const second = start('server-2', '2s');
    await second.prints(/server-2 waits\n/);
    const client = await pool.connect();
    await client.query('BEGIN; LOCK TABLE queue');
    await second.prints(/server-2 leads\n/);
    await client.query('COMMIT');
    client.release();
    await first.prints(/server-1 leads no longer\n.*server-1 leader was lost/);
    for (const each of [first, second]) {
      each.signal('SIGTERM');
      expect(await each.ended).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('end while they wait', async () => {
    const first = start('server-1');
    await first.prints(/server-1 leads\n/);
    const second = start('server-2');
    await second.prints(/server-2 waits\n/);
    second.signal('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stdout: expect.not.stringContaining('leads') });
    first.signal('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });
  });
});
