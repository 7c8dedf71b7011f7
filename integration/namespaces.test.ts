import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor } from './support/actors.js';
import { canUnshare, temporaryFolder } from './support/machine.js';
import { type Outcome, outcomeOf } from './support/outcomes.js';

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

  test('a holder that was killed is respected too, because nothing proves its death', async () => {
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

  test('a holder that has stalled is taken over, and learns it', async () => {
    const holder = await startInContainer();
    await acquire(holder, TWO_HOURS);

    expect(await acquire(await startInContainer())).toBe('done');
    expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('lost');
  });
});

describe.skipIf(!canUnshare)('within one container (by unshare and nsenter, as root on Linux)', () => {
  test('a holder that was killed is taken over at once', async () => {
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

    test('a holder inside that has stalled is taken over', async () => {
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

/** In a PID namespace of its own: its processes are counted from 1 again, and those outside cannot be seen. */
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
