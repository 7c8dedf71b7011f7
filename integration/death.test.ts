import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { inspect } from 'livinglock';
import { sqliteStore } from 'livinglock/sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Actor,
  type Death,
  death,
  nextMessage,
  startActor,
  startActors,
  startProgram,
} from '../support/actors.js';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { killIfThere, poll } from '../support/running.js';
import { countInLanes } from './support/lanes.js';
import { killAtRandom } from './support/random-kills.js';
import { copyRemains, deadRecord, everythingTheKilledLeave } from './support/remains.js';

/** Tests that start a process for each of many calls may take long on a busy machine. */
const PATIENT = { timeout: 180_000 };

test('a contender does not wait for the stale timeout of an hour after the holder was killed', async () => {
  const path = join(temporaryFolder(), 'job.lock');
  const holder = await startActor();
  const next = await startActor();
  await holder.ask({ do: 'acquire', path });
  expect(outcomeOf(await next.ask({ do: 'acquire', path }))).toBe('busy');

  await holder.kill();

  expect(outcomeOf(await next.ask({ do: 'acquire', path }))).toBe('done');
});

describe('a job that ends while it holds its lock leaves no file, and ends as it would have without the lock', () => {
  test.each([
    'an uncaught exception',
    'an unhandled rejection',
    'process.exit()',
    'an exit code',
    'nothing left to do',
  ])('by %s', async (ending) => {
    await expectNothingLeftBy(ending);
  });

  test.skipIf(!isPosix).each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('by %s', async (signal) => {
    await expectNothingLeftBy('a signal', signal);
  });

  test.skipIf(!isPosix).each(['its own handler', 'its own release'])('by SIGTERM and %s', async (ending) => {
    await expectNothingLeftBy(ending, 'SIGTERM');
  });
});

describe.skipIf(!isPosix)('a job that ends leaves its lock to its workers', () => {
  const endings = [
    'an uncaught exception',
    'process.exit()',
    'nothing left to do',
    'SIGTERM',
    'SIGALRM',
    'SIGKILL',
  ];
  const cases = endings.flatMap((ending) =>
    (['process', 'group'] as const).flatMap((kind) =>
      ['file', 'SQLite'].map((where) => ({ ending, kind, where })),
    ),
  );

  test.each(cases)('by $ending: a $kind, in $where', async ({ ending, kind, where }) => {
    const { worker, inspected } = await leaveWorker(ending, kind, where);
    expect(await inspected()).toMatchObject({ state: 'live' });
    process.kill(kind === 'group' ? -worker : worker, 'SIGKILL');
    await poll('The worker does not end', async () => (await inspected()).state === 'dead');
  });

  test.each(['file', 'SQLite'])('but not to workers that have ended, in a %s', async (where) => {
    for (const kind of ['process', 'group'] as const) {
      const { inspected } = await leaveWorker('the end of the work', kind, where);
      expect(await inspected()).toMatchObject({ state: 'free' });
    }
  });
});

/** Resolves when the job has ended. */
async function leaveWorker(ending: string, kind: 'process' | 'group', where: string) {
  const folder = temporaryFolder();
  const path = where === 'file' ? join(folder, 'job.lock') : 'job';
  const database = join(folder, 'locks.db');
  const store = where === 'file' ? undefined : sqliteStore(new DatabaseSync(database));
  const job = startProgram('leaves', [ending, kind, path, ...(where === 'file' ? [] : [database])], {
    isQuiet: true,
  });
  const worker = Number(await nextMessage(job));
  onTestFinished(() => killIfThere(kind === 'group' ? -worker : worker));
  if (ending.startsWith('SIG')) process.kill(job.pid ?? 0, ending);
  await death(job);
  return { worker, inspected: () => inspect(path, { store }) };
}

describe('SIGKILL right before any of the file-system calls leaves nothing that lasts', PATIENT, () => {
  test('of an acquisition', async () => {
    await killBeforeEachCallOf('acquire');
  });

  test('of a heartbeat', async () => {
    await killBeforeEachCallOf('heartBeat');
  });

  test('of a release', async () => {
    await killBeforeEachCallOf('release');
  });

  test('of a takeover from killed processes', async () => {
    await killBeforeEachCallOf('acquire', await everythingTheKilledLeave());
  });
});

test('SIGKILL at random moments never lets two in', PATIENT, async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'locks', 'job.lock');
  const room = join(folder, 'room');
  mkdirSync(room);

  await killAtRandom({ path, room, least: 30, most: 300, life: 100 });

  await expectNothingThatLasts(path, await startActor(), await deadRecord());
});

async function expectNothingLeftBy(ending: string, signal?: NodeJS.Signals): Promise<void> {
  const folder = temporaryFolder();
  const withLock = await endOf(ending, signal, join(folder, 'job.lock'));
  expect(readdirSync(folder)).toEqual([]);
  expect(withLock).toEqual(await endOf(ending, signal));
}

async function endOf(ending: string, signal: NodeJS.Signals | undefined, path?: string): Promise<Death> {
  const parameters = path === undefined ? [ending] : [ending, path];
  const job = startProgram('ends', parameters, { isQuiet: true });
  expect(await nextMessage(job)).toBe(path ?? 'no lock');
  if (signal !== undefined) job.kill(signal);
  return death(job);
}

/** Kills a process right before the first call, one right before the second, and so on until there are no more calls. */
async function killBeforeEachCallOf(
  command: 'acquire' | 'heartBeat' | 'release',
  remains?: string,
): Promise<void> {
  const record = await deadRecord();
  const survivors = await startActors(3);
  const calls = await countInLanes(survivors, async (before, survivor) => {
    const folder = join(temporaryFolder(), 'does', 'not', 'exist');
    const path = join(folder, 'job.lock');
    if (remains !== undefined) copyRemains(remains, folder);
    const victim = await startActor();
    if (command !== 'acquire') await victim.ask({ do: 'acquire', path });

    const answer = await victim.ask({ do: command, path, interruption: { before, by: 'SIGKILL' } });

    await victim.kill();
    await expectNothingThatLasts(path, survivor, record);
    return outcomeOf(answer) === 'killed';
  });
  expect(calls).toBeGreaterThan(5);
}

/** The next contender acquires at once; if it need not look for litter, one that takes over from a dead holder finds it. */
async function expectNothingThatLasts(path: string, survivor: Actor, record: string): Promise<void> {
  const folder = join(path, '..');
  expect(outcomeOf(await survivor.ask({ do: 'acquire', path }))).toBe('done');
  expect(outcomeOf(await survivor.ask({ do: 'release', path }))).toBe('done');
  if (readdirSync(folder).length > 0) {
    writeFileSync(path, record);
    expect(outcomeOf(await survivor.ask({ do: 'acquire', path }))).toBe('done');
    expect(outcomeOf(await survivor.ask({ do: 'release', path }))).toBe('done');
  }
  expect(readdirSync(folder)).toEqual([]);
}
