import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { death } from '../../support/actors.js';
import { canUnshare, descendantsOf, isPosix, waitForEndOf } from '../../support/machine.js';
import { poll } from '../../support/running.js';
import { fact, faultsIn, run, someRecord, start, startWith } from '../tortured.js';
import { Namespace } from './namespace.js';

const CROWD = ['--namespaces', '2', '--processes', '4', '--commands', '0'];

test.skipIf(!canUnshare)('a namespace is killed with everything in it, which is told before', async () => {
  const namespace = await Namespace.start();
  const [program = '', ...args] = [...namespace.entrance(), 'sleep', 'infinity'];
  const shell = spawn(program, args, { stdio: 'ignore' });
  await poll('Nothing has started in the namespace', () => descendantsOf(shell.pid).length > 0);
  const inside = descendantsOf(shell.pid);
  let deaths = 0;
  namespace.join(() => deaths++);

  expect(namespace.kill()).toBe(1);
  expect([deaths, namespace.isKilled]).toEqual([1, true]);
  await waitForEndOf(inside);
  await death(shell);
});

describe.skipIf(!canUnshare)('processes in several PID namespaces', () => {
  test('never overlap, although some are killed with everything else in theirs', async () => {
    const { code, output } = await run(
      ...CROWD,
      '--kill',
      '0.5',
      '--stop',
      '0',
      '--seconds',
      '2',
      '--seed',
      '1',
    );

    expect(faultsIn(output)).toEqual([]);
    expect(code).toBe(0);
    expect(fact(output, 'acquisitions')).toBeGreaterThan(0);
    expect(fact(output, 'overlaps')).toBe(0);
  });

  test('do not survive the torture, even if that is killed', async () => {
    const { command, folder } = start(...CROWD, '--seconds', '600');
    await someRecord(folder);
    const processes = descendantsOf(command.pid);
    expect(processes.length).toBeGreaterThan(2);
    command.kill('SIGKILL');
    await death(command);

    await waitForEndOf(processes);
  });
});

test.skipIf(!isPosix)('where no PID namespace can be made, that is said', async () => {
  const { command } = startWith({ PATH: '/does/not/exist' }, ...CROWD);
  const [errors, { code }] = await Promise.all([text(command.stderr), death(command)]);

  expect(errors).toContain('--namespaces needs Linux, root, unshare and nsenter (util-linux), and bash.');
  expect(code).toBe(2);
});
