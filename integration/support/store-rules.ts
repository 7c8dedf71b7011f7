import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Desk } from './desk.js';

/** What holds for a command in every database. Each test has a lock of its own, because they share a server. */
export function testCommandsIn(address: () => string): void {
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
