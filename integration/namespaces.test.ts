import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Actor, startActor } from '../support/actors.js';
import { canUnshare, childrenOf, temporaryFolder, waitForEndOf } from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { poll } from '../support/running.js';
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

  test('a killed holder is respected too, because nothing proves its death', async () => {
    const [holder, inside, outside] = await Promise.all([
      startInContainer(),
      startInContainer(),
      startActor(),
    ]);
    await acquire(holder);
    await holder.kill();

    expect(await acquire(inside)).toBe('busy');
    expect(await acquire(outside)).toBe('busy');
  });

  test('a stalled holder is taken over, and finds out', async () => {
    const holder = await startInContainer();
    await acquire(holder, TWO_HOURS);

    expect(await acquire(await startInContainer())).toBe('done');
    expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('lost');
  });
});

describe.skipIf(!canUnshare)('a run in a container, with default options', () => {
  test.each(['its container', 'its runner'])(
    'is replaced an hour after the last heartbeat, when %s was killed',
    async (what) => {
      const desk = new Desk();
      const container = ['--pid', '--fork', '--mount-proc', '--kill-child'];
      const livinglock = [process.execPath, PROGRAM, 'run', 'job', '--'];
      // PID 1 of the container is the runner itself, or a shell; then the command goes on beside it.
      const within =
        what === 'its container' ? livinglock : ['sh', '-c', '"$@"; sleep 1000', 'sh', ...livinglock];
      const run = desk.startProgram('unshare', [
        ...container,
        ...within,
        'sh',
        '-c',
        'echo here $$; exec sleep 1000',
      ]);
      await run.prints(/here/);
      await poll('The lock does not name it', () => Array.isArray(desk.record('job')['workers']));
      // Killed in the middle of a change, it would keep others from the lock for half a minute.
      await poll('It does not leave the guard', () => !existsSync(`${desk.path('job')}.guard`));
      const [first = 0] = childrenOf(run.pid);
      const [runner = 0] = what === 'its container' ? [first] : childrenOf(first);
      // Otherwise the next container may get the same namespace number, and then know that all its processes are dead.
      const namespace = openSync(`/proc/${first}/ns/pid`, 'r');
      onTestFinished(() => closeSync(namespace));
      process.kill(runner, 'SIGKILL');
      await waitForEndOf([runner]);
      const next = () => desk.startProgram('unshare', [...container, ...livinglock, 'echo', 'ran']).ended;

      expect(await next()).toMatchObject({ code: 75 });
      makeOlder(desk.path('job'), 3_590_000);
      expect(await next()).toMatchObject({ code: 75 });
      makeOlder(desk.path('job'), 20_000);
      expect(await next()).toMatchObject({ code: 0, stdout: 'ran\n' });
    },
  );
});

/** Makes its last heartbeat this many milliseconds older. */
function makeOlder(file: string, milliseconds: number): void {
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const timestamp = new Date(Date.parse(record.timestamp) - milliseconds);
  const monotonic = record.monotonic_ms - milliseconds;
  writeFileSync(file, `${JSON.stringify({ ...record, timestamp, monotonic_ms: monotonic })}\n`);
  utimesSync(file, timestamp, timestamp);
}

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

/** In its own PID namespace: PIDs start at 1 again, and processes outside cannot be seen. */
const CONTAINER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

function startInContainer(): Promise<Actor> {
  return startActor({ within: CONTAINER });
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
