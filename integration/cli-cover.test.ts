import { closeSync, copyFileSync, cpSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { canUnshare, childrenOf, waitForEndOf } from '../support/machine.js';
import { poll, type Running } from '../support/running.js';
import { CONTAINER, INIT, makeOlder } from './support/containers.js';
import { Desk, PROGRAM } from './support/desk.js';

// A run in a container whose lock is not covered by a keeper. Its command works as it would with one.

const TWO_HOURS = 7_200_000;
const BUSY = { code: 75 };
const RAN = { code: 0, stdout: 'ran\n' };

/** Node loads it before the runner. From then on no other process can be started with that Node. */
const REMOVES_NODE = 'require("fs").unlinkSync(process.execPath);';

const CAUSES = [
  { cause: 'cannot be started', prepare: removeNode, says: /Cannot start a process that keeps .*ENOENT/ },
  { cause: 'dies at once', prepare: removeKeeper, says: /The process that keeps .* has ended/ },
];

describe.skipIf(!canUnshare).each(CAUSES)('a run whose keeper $cause', ({ prepare, says }) => {
  let desk: Desk;
  let prepared: Prepared;

  beforeEach(() => {
    desk = new Desk();
    prepared = prepare(desk.folder);
  });

  function start(script: string, init: readonly string[] = INIT): Running {
    const { node, program, env } = prepared;
    const command = [node, program, 'run', 'job', '--', 'sh', '-c', script];
    return desk.startProgram('unshare', [...CONTAINER.slice(1), ...init, ...command], env);
  }

  /** Starts it with a command that does not end. Resolves with its processes when the lock says of no worker that the sign covers it. */
  async function startIdle() {
    const run = start('echo here; exec sleep 1000');
    await run.prints(/here/);
    await run.says(says);
    await poll('The lock does not name it', () => isNamed(desk.record('job')['workers']));
    // Killed in the middle of a change, it would be in the guard.
    await poll('It does not leave the guard', () => !existsSync(`${desk.path('job')}.guard`));
    const [container = 0] = childrenOf(run.pid);
    const [runner = 0] = childrenOf(container);
    const [command = 0] = childrenOf(runner);
    return { container, runner, command };
  }

  async function end(...pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await waitForEndOf(pids);
  }

  const elsewhere = () =>
    desk.startProgram('unshare', [
      ...CONTAINER.slice(1),
      process.execPath,
      ...[PROGRAM, 'run', 'job', '--', 'echo', 'ran'],
    ]).ended;

  test('ends with the status of its command, and leaves nothing', async () => {
    // Until the runner has noticed.
    const script = 'echo here; read -r go; exit 5';
    const run = start(script, []);
    await run.prints(/here/);
    await run.says(says);
    run.write('go\n');
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 5, stdout: 'here\n' });
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(desk.holds('job')).toBe(false);
  });

  test('keeps the lock when its runner was killed and its command works on', async () => {
    const { container, runner, command } = await startIdle();
    await end(runner);
    expect(await elsewhere()).toMatchObject(BUSY);
    await end(command);
    await end(container);
  });

  test('is replaced once it is stale, when its container was killed', async () => {
    const { container } = await startIdle();
    // While it is open, its number is not given to the next container, where the PIDs would prove that all of this one are dead.
    const namespace = openSync(`/proc/${container}/ns/pid`, 'r');
    onTestFinished(() => closeSync(namespace));
    await end(container);
    expect(await elsewhere()).toMatchObject(BUSY);
    makeOlder(desk.path('job'), TWO_HOURS);
    expect(await elsewhere()).toMatchObject(RAN);
  });
});

interface Prepared {
  readonly node: string;
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

function removeNode(folder: string): Prepared {
  const node = join(folder, 'node');
  const hook = join(folder, 'hook.cjs');
  copyFileSync(process.execPath, node);
  writeFileSync(hook, REMOVES_NODE);
  return { node, program: PROGRAM, env: { NODE_OPTIONS: `--require=${hook}` } };
}

function removeKeeper(folder: string): Prepared {
  const dist = join(folder, 'dist');
  cpSync(dirname(dirname(PROGRAM)), dist, { recursive: true });
  rmSync(join(dist, 'bin', 'keeper-program.js'));
  return { node: process.execPath, program: join(dist, 'bin', 'livinglock.js'), env: {} };
}

function isNamed(workers: unknown): boolean {
  const [worker] = Array.isArray(workers) ? workers : [];
  return worker?.group === true && !('sign' in worker);
}
