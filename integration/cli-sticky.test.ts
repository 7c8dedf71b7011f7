import { expect, test } from 'vitest';
import { isPosix } from '../support/machine.js';
import { Desk } from './support/desk.js';

// In databases: cli-store.test.ts, and cli-server-stores.test.ts.

/** The options of a server that starts the job. */
function server(name: string, hold = '1h'): string[] {
  return ['run', '--owner', name, '--sticky', '--hold-at-least', hold];
}

test('keeps a server in charge that comes back in time, and lets another one in when it stays away', async () => {
  const desk = new Desk();
  const run = (args: readonly string[]) =>
    desk.run([...args, 'mails', '--', process.execPath, '-p', '"sent"']);
  const ran = { code: 0, stdout: 'sent\n', stderr: '' };
  const busy = (owner: string) => ({
    code: 75,
    stdout: '',
    stderr: expect.stringMatching(`was released .* by ${owner}, PID .* counts as held for another`),
  });

  expect(await run(server('server-1'))).toMatchObject(ran);
  expect(await run(server('server-2'))).toMatchObject(busy('server-1'));
  expect(await run(server('server-1'))).toMatchObject(ran);
  expect(await run(server('server-2'))).toMatchObject(busy('server-1'));
  expect(await run(['run', '--owner', 'server-1'])).toMatchObject(busy('server-1'));

  // The last run of this server. It is so short that the other server can wait for its end.
  expect(await run(server('server-1', '1s'))).toMatchObject(ran);
  expect(await run([...server('server-2'), '--quiet', '--wait', '1m'])).toMatchObject(ran);
  expect(await run(server('server-1'))).toMatchObject(busy('server-2'));
  expect(await run(server('server-2'))).toMatchObject(ran);
});

test.skipIf(!isPosix)('does not let a server run twice at the same time', async () => {
  const desk = new Desk();
  const run = desk.start([...server('server-1'), 'mails', '--', 'sh', '-c', 'echo up; read -r x']);
  await run.prints(/up/);
  const second = await desk.run([...server('server-1'), 'mails', '--', 'echo', 'never']);
  expect(second).toMatchObject({
    code: 75,
    stdout: '',
    stderr: expect.stringMatching(/ is held by server-1, /),
  });
  run.write('\n');
  expect(await run.ended).toMatchObject({ code: 0 });
});

test.each([
  [['run', '--sticky', '--hold-at-least', '25m', 'job']],
  [['schedule', '--every', '10m', '--name', 'job', '--sticky']],
])('%j is refused, because it names no owner', async (args) => {
  const ended = await new Desk().run([...args, '--', 'echo', 'never']);
  expect(ended).toMatchObject({
    code: 64,
    stdout: '',
    stderr: expect.stringMatching(/--sticky needs --owner/),
  });
});

test.skipIf(!isPosix)('is passed on by `schedule`', async () => {
  const options = ['--owner', 'server-1', '--sticky', '--hold-at-least', '25m'];
  const args = ['schedule', '--every', '10m', '--name', 'mails', '--for', 'cron', ...options];
  const { code, stdout } = await new Desk().run([...args, '--', 'echo']);
  expect(code).toBe(0);
  expect(stdout).toContain(' --owner=server-1 --sticky --hold-at-least=25m ');
});
