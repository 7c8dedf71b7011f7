import { join } from 'node:path';
import { transformSync } from 'rolldown/utils';
import { beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/index.js';
import {
  type AcquireOptions,
  acquire,
  ErrLockLost,
  inspect,
  type Lock,
  tryWithLock,
  withLock,
} from '../../src/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { pages } from '../../support/docs/pages.js';
import { HOUR, temporaryFolder } from '../../support/world.js';

// Jobs that write their own history, as the documentation shows them.

const PATH = '/var/lib/importer/nightly.lock';

let clock: FakeClock;
let processes: FakeProcessTable;
let history: History;
let optionsOf: (process: FakeProcess) => AcquireOptions;
let printed: unknown[];

beforeEach(() => {
  clock = new FakeClock();
  processes = new FakeProcessTable(clock);
  history = openHistory({ folder: join(temporaryFolder(), 'history') });
  const store = memoryStore({ clock, processes });
  optionsOf = (process) => ({ store, dependencies: { clock, processes: processes.as(process) } });
  printed = [];
});

/** Runs the program in that page which contains the text. */
async function runProgram(page: string, text: string, importAll: (lock: Lock) => unknown): Promise<void> {
  const block = pages
    .find(({ path }) => path === page)
    ?.blocks.find(({ language, code }) => language === 'ts' && code.includes(text));
  const code = transformSync('program.ts', block?.code ?? '').code.replaceAll(/^import .*$/gm, '');
  const options = optionsOf(processes.own);
  const names = {
    withLock: (path: string, work: (lock: Lock) => Promise<void>) => withLock(path, options, work),
    tryWithLock: (path: string, work: (lock: Lock) => Promise<void>) => tryWithLock(path, options, work),
    openHistory: () => history,
    importAll,
    console: { log() {}, error: (error: unknown) => printed.push(error) },
  };
  await new AsyncFunction(...Object.keys(names), code)(...Object.values(names));
}

const AsyncFunction: new (...names: string[]) => (...values: unknown[]) => Promise<void> =
  Object.getPrototypeOf(runProgram).constructor;

/** Another process takes the lock over, because this one has been hanging, and finishes. */
async function takeOver(): Promise<void> {
  await clock.advance(2 * HOUR);
  const lock = await acquire(PATH, optionsOf(processes.start()));
  await history.recordPredecessor(PATH, lock.predecessor);
  await lock.release();
}

const outcomes = async () => (await history.read(PATH)).runs.map(({ outcome }) => outcome);

describe('the job in docs/history.md', () => {
  const run = (importAll: (lock: Lock) => unknown) => runProgram('docs/history.md', 'recordSkip', importAll);

  it('records that it has succeeded', async () => {
    await run((lock) => lock.heartBeat());
    expect(await outcomes()).toEqual(['succeeded']);
  });

  it('records that it has failed', async () => {
    const importAll = () => Promise.reject(new Error('no such customer'));
    await expect(run(importAll)).rejects.toThrow('no such customer');
    expect(await outcomes()).toEqual(['failed']);
  });

  it.each<[string, (lock: Lock) => unknown]>([
    ['does not notice it', takeOver],
    ['learns it from a heartbeat', async (lock) => [await takeOver(), await lock.heartBeat()]],
    [
      'fails because of it',
      async (lock) => {
        await takeOver();
        await lock.heartBeat().catch(() => {});
        throw new Error('not connected any more');
      },
    ],
  ])('records that its lock was lost if it %s', async (_, importAll) => {
    await expect(run(importAll)).rejects.toThrow(ErrLockLost);
    expect(await outcomes()).toEqual(['lost']);
  });

  it('is skipped even if that cannot be written', async () => {
    await acquire(PATH, optionsOf(processes.start()));
    const full = new Error('the disk is full');
    history.recordSkip = () => Promise.reject(full);
    await run(() => expect.unreachable());
    expect(printed).toEqual([full]);
  });
});

describe('the job in the example of `record`', () => {
  it('records its success after the release, which rejects if the lock was lost', async () => {
    const states: string[] = [];
    const { record } = history;
    history.record = async (report) => {
      states.push((await inspect(PATH, optionsOf(processes.own))).state);
      await Reflect.apply(record, history, [report]);
    };
    await runProgram('docs/api.md', "outcome: 'succeeded'", () => {});
    expect(states).toEqual(['free']);
    expect(await outcomes()).toEqual(['succeeded']);
  });
});
