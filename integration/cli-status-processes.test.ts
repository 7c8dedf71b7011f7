import { expect, test } from 'vitest';
import { isPosix, waitForEndOf } from '../support/machine.js';
import { pidFrom, poll } from '../support/running.js';
import { Desk } from './support/desk.js';

test.skipIf(!isPosix)('status shows which processes of a killed runner live, and the owner', async () => {
  const desk = new Desk();
  const args = ['run', '--owner', 'server-1', 'job', '--', 'sh', '-c', 'echo pid $$; exec sleep 1000'];
  const run = desk.start(args);
  const worker = await pidFrom(run);

  await poll('The lock does not name it', () => Array.isArray(desk.record('job')['workers']));
  const before = await desk.run(['status']);
  expect(before.stdout).toMatch(/ PID +WORKERS +OWNER /);
  expect(before.stdout).toMatch(new RegExp(`job +live +${run.pid} +group ${worker} +server-1 `));

  run.signal('SIGKILL');
  await waitForEndOf([run.pid]);
  const after = await desk.run(['status']);
  expect(after).toMatchObject({ code: 0 });
  expect(after.stdout).toMatch(new RegExp(`job +live +${run.pid} \\(dead\\) +group ${worker} +server-1 `));
  expect(JSON.parse((await desk.run(['status', '--json'])).stdout)).toMatchObject([
    {
      owner: 'server-1',
      processes: [
        { pid: run.pid, role: 'holder', isGroup: false, liveness: 'dead' },
        { pid: worker, role: 'worker', isGroup: true, liveness: 'alive' },
      ],
    },
  ]);
});
