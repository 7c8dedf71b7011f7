import { chownSync, linkSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, type Death, startActor } from '../support/actors.js';
import {
  canBeNobody,
  canUnshare,
  childrenOf,
  isLinux,
  NOBODY,
  processState,
  temporaryFolder,
} from '../support/machine.js';
import type { Report } from '../support/programs/protocol.js';
import { Desk, oneLineWith } from './support/desk.js';

const ROOT = 0;
/** A program that stays until its children have ended. */
const WITHIN_SHELL = ['sh', '-c', '"$@"; true', 'sh'];

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'job.lock');
  if (canBeNobody) chownSync(folder, NOBODY, NOBODY);
});

describe.skipIf(!isLinux || !canBeNobody)('a takeover by root that ends the stalled holder', () => {
  test.each([
    { owner: NOBODY, ofFile: 'nobody', user: NOBODY, ofProcess: 'nobody' },
    { owner: ROOT, ofFile: 'root', user: ROOT, ofProcess: 'root' },
    { owner: ROOT, ofFile: 'root', user: NOBODY, ofProcess: 'nobody' },
  ])('ends a process of $ofProcess that a record of $ofFile names', async ({ owner, user }) => {
    const [contender, holder] = [await startActor(), await startActor({ user })];
    await writeRecord(owner, contender, holder.pid);

    expect(await takeOver(contender)).toMatchObject({ outcome: 'done' });
    expect(processState(holder.pid)).toMatch(/^Z?$/);
    // Otherwise nobody could end this contender later, and the record of its own would not be believed.
    expect(statSync(path).uid).toBe(ROOT);
  });

  test("does not end root's process that nobody's record names", async () => {
    const [contender, innocent] = [await startActor(), await startActor()];
    await writeRecord(NOBODY, contender, innocent.pid);

    await expectRefusal(contender, [innocent.pid], /belongs to user 0, but the lock file to user 65534/);
  });

  test('ends none of the processes in a record if one of them is innocent', async () => {
    const [contender, holder] = [await startActor(), await startActor({ user: NOBODY })];
    const innocent = await startActor();
    await writeRecord(NOBODY, contender, holder.pid, { workers: [innocent.pid] });

    await expectRefusal(contender, [holder.pid, innocent.pid], /belongs to user 0/);
  });

  test('leaves a process alone that has reused the recorded PID', async () => {
    const [contender, innocent] = [await startActor(), await startActor()];
    await writeRecord(ROOT, contender, innocent.pid, { started: '1' });

    expect(await takeOver(contender)).toMatchObject({ outcome: 'done' });
    expect(processState(innocent.pid)).toBe('S');
  });

  test("ends nothing for root's own record that others have moved to another lock", async () => {
    const [contender, holder] = [await startActor(), await startActor()];
    const other = join(folder, 'other.lock');
    await holder.ask({ do: 'turnClockBack', by: 7_200_000 });
    expect(await holder.ask({ do: 'acquire', path: other })).toMatchObject({ outcome: 'done' });
    renameSync(other, path);

    await expectRefusal(contender, [holder.pid], /written for another lock/);
    renameSync(path, other);
    path = other;
    expect(await takeOver(contender)).toMatchObject({ outcome: 'done' });
    expect(processState(holder.pid)).toMatch(/^Z?$/);
  });

  test("ends nothing for a record of root's that was linked from elsewhere", async () => {
    const [contender, holder] = [await startActor(), await startActor()];
    const elsewhere = join(temporaryFolder(), 'another.lock');
    await writeRecord(ROOT, contender, holder.pid, { to: elsewhere });
    linkSync(elsewhere, path);

    await expectRefusal(contender, [holder.pid], /not certain who wrote/);
  });

  test('does not end the ancestors of the contender', async () => {
    const contender = await startActor({ within: [...WITHIN_SHELL, ...WITHIN_SHELL] });
    const grandparent = contender.outerPid ?? 0;
    const [parent = 0] = childrenOf(grandparent);
    expect(childrenOf(parent)).toEqual([contender.pid]);

    for (const pid of [parent, grandparent]) {
      await writeRecord(ROOT, contender, pid);
      await expectRefusal(contender, [pid, contender.pid], /ancestor/);
    }
  });

  test('does not end the contender by the number of one of its threads', async () => {
    const contender = await startActor();
    for (const task of readdirSync(`/proc/${contender.pid}/task`).map(Number)) {
      await writeRecord(ROOT, contender, task);
      await expectRefusal(
        contender,
        [contender.pid],
        task === contender.pid ? /this process itself/ : /not the ID of a process/,
      );
    }
  });

  test.skipIf(!canUnshare)('does not end the first process of a container', async () => {
    const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const contender = await startActor({ within: [...container, ...WITHIN_SHELL] });
    const [first = 0] = childrenOf(contender.outerPid);
    await writeRecord(ROOT, contender, 1, { started: startOf(first) });

    await expectRefusal(contender, [first], /PID 1 is never signalled/);
  });

  test('exits with 73 if it may not, and says why', async () => {
    const [contender, innocent] = [await startActor(), await startActor()];
    await writeRecord(NOBODY, contender, innocent.pid);
    const before = readFileSync(path, 'utf8');

    const args = ['run', '--kill-stalled', '--stale-timeout', '1s', path, '--', 'echo', 'ran'];
    expect(await new Desk().run(args)).toMatchObject({
      code: 73,
      stdout: '',
      stderr: oneLineWith(`PID ${innocent.pid} belongs to user 0, but the lock file to user 65534`),
    });
    expect(processState(innocent.pid)).toBe('S');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});

interface RecordOptions {
  readonly to?: string;
  readonly workers?: readonly number[];
  readonly started?: string;
}

/** Writes, as that user, the record of a holder on the contender's machine that stalled long ago. */
async function writeRecord(
  owner: number,
  contender: Actor,
  pid: number,
  { to = path, workers = [], started = startOf(pid) }: RecordOptions = {},
): Promise<void> {
  const own = join(temporaryFolder(), 'own.lock');
  expect(await contender.ask({ do: 'acquire', path: own })).toMatchObject({ outcome: 'done' });
  const { process: surroundings } = JSON.parse(readFileSync(own, 'utf8'));
  const record = {
    process_id: pid,
    timestamp: '2020-01-01T00:00:00Z',
    stale_timeout_ms: 1,
    monotonic_ms: 0,
    process: { ...surroundings, pid, started },
    workers: workers.map((worker) => ({ ...surroundings, pid: worker, started: startOf(worker) })),
  };
  writeFileSync(to, JSON.stringify(record));
  chownSync(to, owner, owner);
}

function takeOver(contender: Actor): Promise<Report | Death> {
  const options = { staleTimeout: '100ms', terminateStalled: true, terminationGrace: '1s' } as const;
  return contender.ask({ do: 'acquire', path, options });
}

async function expectRefusal(contender: Actor, alive: readonly number[], reason: RegExp): Promise<void> {
  const before = readFileSync(path);
  expect(await takeOver(contender)).toMatchObject({
    outcome: 'refused',
    code: 'ERR_TERMINATION_FAILED',
    message: expect.stringMatching(reason),
  });
  expect(alive.map(processState).filter((state) => !'SR'.includes(state) || state === '')).toEqual([]);
  expect(readFileSync(path)).toEqual(before);
}

/** In ticks since the start of the machine. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
