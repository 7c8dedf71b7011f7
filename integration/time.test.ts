import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type LockRecord, parseRecord } from '../src/core/record/record.js';
import { type Actor, startActor } from '../support/actors.js';
import { canUnshareTime, childrenOf, isLinux, temporaryFolder } from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';

// Processes of one machine that do not agree on what time it is.

const MINUTE = 60_000;
const TWO_HOURS = 7_200_000;
const DAY = 86_400_000;

/** The library that the command `faketime` loads into a program; `null` without that command. */
const FAKETIME = isLinux ? libraryOfFaketime() : null;

/** The ways to show a process another wall clock, in milliseconds from the machine's. */
const means = [
  {
    name: 'by a clock that is injected',
    isMissing: false,
    start: async (offset: number) => {
      const actor = await startActor();
      await actor.ask({ do: 'stepWallClock', by: offset });
      return actor;
    },
  },
  {
    name: 'by faketime, from the Debian package of that name',
    isMissing: FAKETIME === null,
    start: async (offset: number) => {
      const settings = [`LD_PRELOAD=${FAKETIME}`, `FAKETIME=${offset < 0 ? '' : '+'}${offset / 1000}`];
      const actor = await startActor({ within: ['env', ...settings, ...ONLY_THE_WALL_CLOCK] });
      removeWhatFaketimeShares(actor);
      return actor;
    },
  },
];

/** It would also show each process its own monotonic clock, but the kernel has only one for all. */
const ONLY_THE_WALL_CLOCK = ['FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1'];

const OFFSETS = [
  { where: 'a day ahead', offset: DAY },
  { where: 'a day behind', offset: -DAY },
];

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'job.lock');
});

for (const { name, isMissing, start } of means) {
  describe.skipIf(isMissing).each(OFFSETS)(`a process whose wall clock is $where (${name})`, ({ offset }) => {
    test('does not rob a live holder, and takes over from a dead one', async () => {
      const [holder, other] = await Promise.all([startActor(), start(offset)]);
      expect(await acquire(holder)).toBe('done');
      expect(await acquire(other)).toBe('busy');

      const { fencingToken } = recordInFile();
      await holder.kill();
      expect(await acquire(other)).toBe('done');
      await expectHolder(other, offset);
      expect(recordInFile().fencingToken).toBeGreaterThan(fencingToken ?? Number.POSITIVE_INFINITY);
    });

    test('is not robbed while it is alive, and is taken over when it is dead', async () => {
      const [holder, other] = await Promise.all([start(offset), startActor()]);
      expect(await acquire(holder)).toBe('done');
      await expectHolder(holder, offset);
      expect(await acquire(other)).toBe('busy');

      const { fencingToken } = recordInFile();
      await holder.kill();
      expect(await acquire(other)).toBe('done');
      await expectHolder(other, 0);
      expect(recordInFile().fencingToken).toBeGreaterThan(fencingToken ?? Number.POSITIVE_INFINITY);
    });

    test('takes over from a holder that has stalled', async () => {
      const [holder, other] = await Promise.all([startActor(), start(offset)]);
      await holder.ask({ do: 'turnClockBack', by: TWO_HOURS });
      expect(await acquire(holder)).toBe('done');
      await holder.ask({ do: 'turnClockBack', by: 0 });

      expect(await acquire(other)).toBe('done');
      expect(await heartBeat(holder)).toBe('lost');
    });
  });
}

test('processes in time zones 25 hours apart agree on when the last heartbeat was', async () => {
  const [east, west] = await Promise.all([startIn('Pacific/Kiritimati'), startIn('Pacific/Pago_Pago')]);
  expect(await acquire(east)).toBe('done');
  await expectHolder(east, 0);
  expect(readFileSync(path, 'utf8')).toMatch(/"timestamp":"[^"]+Z"/);
  expect(await west.ask({ do: 'acquire', path })).toMatchObject({
    code: 'ERR_LOCK_BUSY',
    message: expect.stringMatching(/last heartbeat (?:\d+ ms|\d+ seconds?) ago/),
  });

  await east.kill();
  expect(await acquire(west)).toBe('done');
  await expectHolder(west, 0);
});

test.skipIf(!canUnshareTime)('on a machine that was started a minute ago', async () => {
  const within = await startedAgo(MINUTE);
  const [holder, other] = await Promise.all([startActor({ within }), startActor({ within })]);
  expect(await acquire(holder)).toBe('done');
  expect(recordInFile().monotonic).toBeLessThan(10 * MINUTE);
  expect(await acquire(other)).toBe('busy');
  await expectHolder(holder, 0);

  await holder.ask({ do: 'release', path });
  await holder.ask({ do: 'turnClockBack', by: TWO_HOURS });
  expect(await acquire(holder)).toBe('done');
  await holder.ask({ do: 'turnClockBack', by: 0 });
  expect(await acquire(other)).toBe('done');
  expect(await heartBeat(holder)).toBe('lost');

  await other.kill();
  expect(await acquire(holder)).toBe('done');
});

test.skipIf(!canUnshareTime)(
  'a time namespace with different clocks makes nobody look dead or stale',
  async () => {
    const within = await startedAgo(MINUTE);
    const [inside, outside] = await Promise.all([startActor({ within }), startActor()]);
    for (const [holder, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      expect(await acquire(holder)).toBe('done');
      expect(await acquire(other)).toBe('busy');
      await holder.ask({ do: 'release', path });

      await holder.ask({ do: 'turnClockBack', by: TWO_HOURS });
      expect(await acquire(holder)).toBe('done');
      await holder.ask({ do: 'turnClockBack', by: 0 });
      expect(await acquire(other)).toBe('done');
      await other.ask({ do: 'release', path });
    }
  },
);

/** The prefix that makes a process believe that the machine was started this many milliseconds ago. */
async function startedAgo(milliseconds: number): Promise<string[]> {
  const offset = String(Math.round(milliseconds / 1000 - uptime()));
  const namespace = spawn(
    'unshare',
    ['--time', '--fork', '--kill-child', '--monotonic', offset, '--boottime', offset, 'cat'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  // It ignores SIGTERM while it waits for its child, which ends with its input.
  onTestFinished(async () => {
    namespace.stdin.end();
    await once(namespace, 'close');
  });
  // It echoes its input, so by then it is there.
  namespace.stdin.write('!');
  await once(namespace.stdout, 'data');
  const [inside] = childrenOf(namespace.pid);
  return ['nsenter', `--time=/proc/${inside}/ns/time`];
}

async function acquire(actor: Actor): Promise<Outcome> {
  return outcomeOf(await actor.ask({ do: 'acquire', path }));
}

async function heartBeat(actor: Actor): Promise<Outcome> {
  return outcomeOf(await actor.ask({ do: 'heartBeat', path }));
}

/** Lets the holder beat, and checks that its clock is this far from this process's. */
async function expectHolder(holder: Actor, offset: number): Promise<void> {
  const before = Date.now();
  expect(await heartBeat(holder)).toBe('done');
  const { processId, timestamp } = recordInFile();
  expect(processId).toBe(holder.pid);
  expect(timestamp.getTime() - offset).toBeGreaterThan(before - 1000);
  expect(timestamp.getTime() - offset).toBeLessThan(Date.now() + 1000);
}

function recordInFile(): LockRecord {
  const record = parseRecord(readFileSync(path, 'utf8'), new Date(0));
  if (record === null) throw new Error('There is no record.');
  return record;
}

function startIn(zone: string): Promise<Actor> {
  return startActor({ within: ['env', `TZ=${zone}`] });
}

/** The process has it open, and does not remove it itself when it is killed. */
function removeWhatFaketimeShares({ pid }: Actor): void {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) {
    rmSync(join('/dev/shm', name), { force: true });
  }
}

function libraryOfFaketime(): string | null {
  const { status, stdout } = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}
