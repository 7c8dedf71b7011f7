import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor } from '../support/actors.js';
import { descendantsOf, waitForEndOf } from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { Running } from '../support/running.js';
import { CONTAINER } from './support/containers.js';
import { PROGRAM } from './support/desk.js';
import { canMountFat, FatDisk } from './support/fat-disk.js';
import { reportOf, verify } from './support/verification.js';

// FAT has neither hard links nor sockets: a lock is created by rename, and its holder can keep no sign of life.

const TWO_HOURS = 7_200_000;

describe.skipIf(!canMountFat)('on FAT (vfat by a loop device, as root on Linux)', () => {
  let disk: FatDisk;
  let path: string;

  beforeEach(async () => {
    disk = await FatDisk.insert();
    path = disk.path('job.lock');
  });

  const start = (container: readonly string[] = []) =>
    startActor({ within: [...disk.within, ...container], isQuiet: true });

  async function acquire(actor: Actor, ago = 0): Promise<Outcome> {
    await actor.ask({ do: 'turnClockBack', by: ago });
    const outcome = outcomeOf(
      await actor.ask({ do: 'acquire', path, options: { heartbeatMinimalInterval: 0 } }),
    );
    await actor.ask({ do: 'turnClockBack', by: 0 });
    return outcome;
  }

  const beat = async (actor: Actor) => outcomeOf(await actor.ask({ do: 'heartBeat', path }));
  const release = async (actor: Actor) => outcomeOf(await actor.ask({ do: 'release', path }));

  describe.each([
    { where: 'outside of containers', container: [] },
    { where: 'in a container', container: CONTAINER },
  ])('a lock $where', ({ container }) => {
    test('is acquired, kept, respected, released and acquired again', async () => {
      const [one, other] = await Promise.all([start(container), start(container)]);
      expect(await acquire(one)).toBe('done');
      expect(await acquire(other)).toBe('busy');
      expect(await beat(one)).toBe('done');
      expect(disk.names()).toEqual(['job.lock']);
      expect(await acquire(other)).toBe('busy');
      expect(await release(one)).toBe('done');
      expect(disk.names()).toEqual([]);
      expect(await acquire(other)).toBe('done');
      expect(await release(other)).toBe('done');
      expect(disk.names()).toEqual([]);
    });

    test('is taken over from a stalled holder, which learns it', async () => {
      const [one, other] = await Promise.all([start(container), start(container)]);
      expect(await acquire(one, TWO_HOURS)).toBe('done');
      expect(await acquire(other)).toBe('done');
      expect(await beat(one)).toBe('lost');
      expect(await release(other)).toBe('done');
      expect(disk.names()).toEqual([]);
    });

    test('protects the command of a run', async () => {
      const script = '$LIVINGLOCK beat && ls "$0" && exit 5';
      const command = ['sh', '-c', script, disk.path()];
      const args = [...container, process.execPath, PROGRAM, 'run', path, '--', ...command];
      const [program = '', ...rest] = [...disk.within, ...args];
      const run = new Running(program, rest, { env: { PATH: process.env['PATH'] } });
      expect(await run.ended).toMatchObject({ code: 5, stdout: 'job.lock\n', stderr: '' });
      expect(disk.names()).toEqual([]);
    });
  });

  test('a dead holder is replaced at once outside of containers', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(await acquire(one)).toBe('done');
    await kill(one);
    expect(await acquire(other)).toBe('done');
    expect(await release(other)).toBe('done');
    expect(disk.names()).toEqual([]);
  });

  test('a dead holder in another container is replaced once it is stale', async () => {
    const [one, other] = await Promise.all([start(CONTAINER), start(CONTAINER)]);
    expect(await acquire(one)).toBe('done');
    await kill(one);
    expect(await acquire(other)).toBe('busy');
    expect(await acquire(other, -TWO_HOURS)).toBe('done');
    expect(await release(other)).toBe('done');
    expect(disk.names()).toEqual([]);
  });

  test('`livinglock verify` says what is limited', async () => {
    const parameters = ['--json', '--duration', '1s'];
    const report = reportOf(await verify(disk.path(), { within: disk.within, parameters }));
    expect(report).toMatchObject({ fileSystem: 'fat', verdict: 'limited' });
    const limited = report.findings.filter(({ verdict }) => verdict !== 'safe');
    expect(limited.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['hard-links', 'limited'],
      ['reboot', 'limited'],
      ['signs-of-life', 'limited'],
    ]);
    expect(report.figures.acquisitions).toBeGreaterThan(0);
  });
});

/** And waits until it is gone, which is later than that of the program that has started it. */
async function kill({ outerPid = 0 }: Actor): Promise<void> {
  const pid = descendantsOf(outerPid).at(-1) ?? outerPid;
  process.kill(pid, 'SIGKILL');
  await waitForEndOf([pid]);
}
