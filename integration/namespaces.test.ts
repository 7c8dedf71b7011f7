import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Actor, nextMessage, startActor, startProgram } from '../support/actors.js';
import {
  canUnshare,
  childrenOf,
  commandLine,
  descendantsOf,
  isRoot,
  processState,
  temporaryFolder,
  waitForEndOf,
} from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { poll } from '../support/running.js';
import { CONTAINER, INIT, makeOlder } from './support/containers.js';
import { Desk, PROGRAM } from './support/desk.js';

const TWO_HOURS = 7_200_000;

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'job.lock');
});

describe.skipIf(!canUnshare)('between containers (by unshare, as root on Linux)', () => {
  test('a live holder is respected outside, where its PID is that of another process', async () => {
    const holder = await startInContainer();
    expect(holder.pid).toBe(1);
    await acquire(holder);

    expect(await acquire(await startActor())).toBe('busy');
  });

  test('a live holder is respected inside, where its PID is unknown', async () => {
    await acquire(await startActor());

    expect(await acquire(await startInContainer())).toBe('busy');
  });

  test('PID 1 in two of them is two processes', async () => {
    const holder = await startInContainer();
    await acquire(holder);
    const contender = await startInContainer();
    expect([holder.pid, contender.pid]).toEqual([1, 1]);

    expect(await acquire(contender)).toBe('busy');
  });

  describe.each(['in a container', 'outside'] as const)('a holder %s', (where) => {
    const startHolder = () => (where === 'outside' ? startActor() : startInContainer());
    const contenders: [string, () => Promise<Actor>][] = [
      ['another container', startInContainer],
      [
        'another container with other mounts and another network',
        () => startInContainer(['--net', '--mount']),
      ],
      ['outside', startActor],
    ];

    test.each(contenders)('that was killed is replaced at once from %s', async (_, startContender) => {
      const [holder, contender] = await Promise.all([startHolder(), startContender()]);
      await acquire(holder);
      await sign();
      await kill(holder);

      expect(await acquire(contender)).toBe('done');
    });

    test.each(contenders)('that is stopped is respected from %s', async (_, startContender) => {
      const [holder, contender] = await Promise.all([startHolder(), startContender()]);
      await acquire(holder);
      await sign();
      process.kill(innermost(holder.outerPid), 'SIGSTOP');

      expect(await acquire(contender)).toBe('busy');
      expect(await acquire(contender, -TWO_HOURS)).toBe('done');
    });

    test('that computes without a pause is respected, then replaced at once', async () => {
      const within = where === 'outside' ? [] : CONTAINER;
      const end = join(temporaryFolder(), 'end');
      const job = startProgram('crunch', [path, String(TWO_HOURS), 'heartbeats', end], {
        within,
        isQuiet: true,
      });
      await nextMessage(job);
      const contender = await startInContainer();
      await sign();

      expect(await acquire(contender)).toBe('busy');
      const pid = innermost(job.pid);
      process.kill(pid, 'SIGKILL');
      await waitForEndOf([pid]);
      expect(await acquire(contender)).toBe('done');
    });
  });

  test.skipIf(!canFreeze)('a holder in a frozen cgroup is respected', async () => {
    const holder = await startInContainer();
    await acquire(holder);
    await freeze(innermost(holder.outerPid));

    expect(await acquire(await startInContainer())).toBe('busy');
  });

  test('the next holder in the same container is known although the number of its namespace was used before', async () => {
    const inode = (actor: Actor) => readlinkSync(`/proc/${innermost(actor.outerPid)}/ns/pid`);
    const seen = new Map<string, Actor>();
    let again: Actor | undefined;
    // The kernel gives a freed number out again soon.
    for (let round = 0; round < 50 && again === undefined; round++) {
      const holder = await startInContainer();
      const number = inode(holder);
      if (seen.has(number)) again = holder;
      seen.set(number, holder);
      expect(await acquire(holder)).toBe('done');
      if (again === undefined) await kill(holder);
    }

    expect(again).toBeDefined();
    expect(await acquire(await startInContainer())).toBe('busy');
  });

  test('nobody who is stopped in the middle of a change is taken for dead', async () => {
    const holder = await startInContainer([], INIT);
    const stopped = holder.ask({ do: 'acquire', path, interruption: { before: 'linkSync', by: 'SIGSTOP' } });
    const pid = innermost(holder.outerPid);
    await poll('It does not stop', () => processState(pid) === 'T');
    const longAgo = new Date(Date.now() - TWO_HOURS);
    utimesSync(`${path}.guard`, longAgo, longAgo);

    expect(await acquire(await startInContainer())).toBe('busy');
    expect(await acquire(await startActor())).toBe('busy');
    process.kill(pid, 'SIGCONT');
    expect(outcomeOf(await stopped)).toBe('done');
  });

  test('whoever is killed in the middle of a change is out of the way at once', async () => {
    const holder = await startInContainer([], INIT);
    void holder
      .ask({ do: 'acquire', path, interruption: { before: 'linkSync', by: 'SIGSTOP' } })
      .catch(() => {});
    await poll('It does not stop', () => processState(innermost(holder.outerPid)) === 'T');
    await kill(holder);
    expect(existsSync(`${path}.guard`)).toBe(true);

    expect(await acquire(await startInContainer())).toBe('done');
  });

  test('a stalled holder is taken over, and finds out', async () => {
    const holder = await startInContainer();
    await acquire(holder, TWO_HOURS);

    expect(await acquire(await startInContainer())).toBe('done');
    expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('lost');
  });
});

describe.skipIf(!canUnshare)('a run in a container, with default options', () => {
  const livinglock = [process.execPath, PROGRAM, 'run', 'job', '--'];
  let desk: Desk;
  let container: number;
  let runner: number;
  let command: number;

  /** Starts a run, and finds out its processes. */
  async function start(script: string, init: readonly string[] = INIT): Promise<void> {
    desk = new Desk();
    const run = desk.startProgram('unshare', [
      ...CONTAINER.slice(1),
      ...init,
      ...livinglock,
      'sh',
      '-c',
      script,
    ]);
    await run.prints(/here/);
    await poll('The lock does not name it', () => JSON.stringify(desk.record('job')).includes('"workers"'));
    // Killed in the middle of a change, it would be in the guard.
    await poll('It does not leave the guard', () => !existsSync(`${desk.path('job')}.guard`));
    [container = 0] = childrenOf(run.pid);
    [runner = 0] = init.length > 0 ? childrenOf(container) : [container];
    command =
      childrenOf(runner).find(
        (pid) => commandLine(pid).includes(script) || commandLine(pid)[0] === 'sleep',
      ) ?? 0;
  }

  async function end(...pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await waitForEndOf(pids);
  }

  const inside = () =>
    desk.startProgram('unshare', [...CONTAINER.slice(1), ...livinglock, 'echo', 'ran']).ended;
  const outside = () => desk.startProgram(process.execPath, [...livinglock.slice(1), 'echo', 'ran']).ended;
  const RAN = { code: 0, stdout: 'ran\n' };
  const BUSY = { code: 75 };

  test.each([
    ['another container', 'another first process'],
    ['outside', 'another first process'],
    ['another container', 'the runner as its first process'],
    ['outside', 'the runner as its first process'],
  ])('is replaced at once from %s, when its container with %s was killed', async (where, what) => {
    await start('echo here; exec sleep 1000', what === 'another first process' ? INIT : []);
    await end(container);

    expect(await (where === 'outside' ? outside : inside)()).toMatchObject(RAN);
  });

  test('keeps the lock as long as its command lives, when its runner was killed', async () => {
    await start('echo here; exec sleep 1000');
    await end(runner);
    makeOlder(desk.path('job'), 7_200_000);

    expect(await inside()).toMatchObject(BUSY);
    expect(await outside()).toMatchObject(BUSY);
    await end(command);
    await poll('It is not replaced', async () => (await inside()).code === 0);
    await end(container);
  });

  test('keeps the lock as long as anything of its command lives, whatever that has closed', async () => {
    // Python's `subprocess` and sudo do that.
    const closing = 'for n in {10..60}; do eval "exec $n>&-"; done; exec sleep 1000';
    await start(`echo here; bash -c '${closing}' & exec sleep 1000`);
    const [other = 0] = childrenOf(command);
    await end(runner, command);

    expect(await inside()).toMatchObject(BUSY);
    await end(other);
    await poll('It is not replaced', async () => (await inside()).code === 0);
    await end(container);
  });

  test('does not wait for zombies that nobody clears away', async () => {
    const careless = `require('child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: 'inherit' }); setInterval(() => {}, 1000);`;
    await start('echo here; exec sleep 1000', [process.execPath, '-e', careless]);
    await end(runner);
    process.kill(command, 'SIGKILL');
    await poll('It is no zombie', () => processState(command) === 'Z');

    await poll('It is not replaced', async () => (await inside()).code === 0);
    await end(container);
  });

  test('does not wait for a daemon that its command has left', async () => {
    await start('setsid sleep 1000 & echo here; exec sleep 1000');
    await end(runner, command);

    await poll('It is not replaced', async () => (await inside()).code === 0);
    await end(container);
  });

  test('leaves nothing behind in its container', async () => {
    desk = new Desk();
    const list = 'echo here; ps -e -o stat=,args= | grep -v -e "ps -e" -e grep -e "sh -c"';
    const { stdout } = await desk.startProgram('unshare', [
      ...CONTAINER.slice(1),
      'sh',
      '-c',
      `"$@"; ${list}`,
      'sh',
      ...livinglock,
      'true',
    ]).ended;

    expect(stdout.trim()).toBe('here');
  });
});

describe.skipIf(!canUnshare)('within one container (by unshare and nsenter, as root on Linux)', () => {
  test('a killed holder is taken over at once', async () => {
    const contender = await startInContainer();
    const holder = await startBeside(contender);
    await acquire(holder);
    const killed = await holder.ask({ do: 'heartBeat', path, interruption: { before: 1, by: 'SIGKILL' } });

    expect(outcomeOf(killed)).toBe('killed');
    expect(await acquire(contender)).toBe('done');
  });

  test('a live holder is respected although /proc shows the processes outside', async () => {
    const holder = await startActor({ within: ['unshare', '--pid', '--fork', '--kill-child'] });
    const contender = await startBeside(holder);
    await acquire(holder);

    expect(await acquire(contender)).toBe('busy');
  });
});

describe.skipIf(!canUnshare)(
  'with containers that have a boot id of their own, as in systemd-nspawn and LXC',
  () => {
    test('a live holder inside is not taken for one of an earlier boot', async () => {
      await acquire(await startWithOwnBootId());

      expect(await acquire(await startActor())).toBe('busy');
      expect(await acquire(await startWithOwnBootId())).toBe('busy');
    });

    test('a live holder outside is not taken for one of an earlier boot', async () => {
      await acquire(await startActor());

      expect(await acquire(await startWithOwnBootId())).toBe('busy');
    });

    test('a stalled holder inside is taken over', async () => {
      const holder = await startWithOwnBootId();
      await acquire(holder, TWO_HOURS);

      expect(await acquire(await startActor())).toBe('done');
      expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('lost');
    });
  },
);

async function acquire(actor: Actor, ago = 0): Promise<Outcome> {
  await actor.ask({ do: 'turnClockBack', by: ago });
  const outcome = outcomeOf(await actor.ask({ do: 'acquire', path }));
  await actor.ask({ do: 'turnClockBack', by: 0 });
  return outcome;
}

function startInContainer(more: readonly string[] = [], init: readonly string[] = []): Promise<Actor> {
  // unshare says on standard error that its child was killed.
  return startActor({ within: [...CONTAINER, ...more, ...init], isQuiet: true });
}

/** And waits until it is gone, which is later than that of the program that has started it. */
async function kill({ outerPid }: Actor): Promise<void> {
  const pid = innermost(outerPid);
  process.kill(pid, 'SIGKILL');
  await waitForEndOf([pid]);
}

/** As this process knows it. */
function innermost(pid: number | undefined): number {
  return descendantsOf(pid).at(-1) ?? pid ?? 0;
}

function signs(): string[] {
  return readdirSync(dirname(path)).filter((name) => name.includes('.life.'));
}

/** A holder outside keeps its sign of life soon after it has the lock. */
async function sign(): Promise<void> {
  await poll('It keeps no sign of life', () => signs().length > 0);
  // Stopped in the middle of a change, it would be in the guard.
  await poll('It does not leave the guard', () => !existsSync(`${path}.guard`));
}

const FREEZER = '/sys/fs/cgroup/freezer';
const canFreeze = existsSync(FREEZER) && isRoot;

async function freeze(pid: number): Promise<void> {
  const group = mkdtempSync(join(FREEZER, 'livinglock-test-'));
  onTestFinished(async () => {
    writeFileSync(join(group, 'freezer.state'), 'THAWED');
    process.kill(pid, 'SIGKILL');
    await waitForEndOf([pid]);
    await poll('It stays', () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(group);
  });
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
  writeFileSync(join(group, 'freezer.state'), 'FROZEN');
  await poll('It does not freeze', () => readFileSync(join(group, 'freezer.state'), 'utf8') === 'FROZEN\n');
}

/** In the container of another actor. */
function startBeside({ outerPid }: Actor): Promise<Actor> {
  const namespaces = `/proc/${outerPid}/ns`;
  return startActor({
    within: ['nsenter', `--mount=${namespaces}/mnt`, `--pid=${namespaces}/pid_for_children`],
  });
}

function startWithOwnBootId(): Promise<Actor> {
  const bootId = join(temporaryFolder(), 'boot_id');
  writeFileSync(bootId, `${randomUUID()}\n`);
  const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';
  return startActor({ within: [...CONTAINER, 'sh', '-c', script, 'sh', bootId] });
}
