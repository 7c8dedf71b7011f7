import { describe, expect, it } from 'vitest';
import { type Examined, examine } from '../../../src/core/assess/examine.js';
import { CallLimit } from '../../../src/core/calls/call-limit.js';
import type { LockRecord } from '../../../src/core/record/record.js';
import type { Store, Stored } from '../../../src/core/store.js';
import type { ProcessIdentity } from '../../../src/system/processes/process-identity.js';
import type { Liveness, ProcessTable } from '../../../src/system/processes/process-table.js';
import type { Life } from '../../../src/system/signs-of-life/sign-of-life.js';
import { FakeClock } from '../../../src/testing/index.js';
import { HOUR, MINUTE, someIdentity, someRecord } from '../../../support/world.js';

const HOLDER = someIdentity({ pid: 1 });
const WORKER = someIdentity({ pid: 2 });
const COVERED_WORKER = someIdentity({ pid: 3, sign: true });

/** A contender that finds `record`, and what it is told about its processes. */
interface Case {
  readonly record?: LockRecord | null;
  readonly age?: number;
  readonly provenance?: Stored['provenance'];
  /** What the process table says, by PID. Default: nothing. */
  readonly table?: Readonly<Record<number, Liveness>>;
  /** What the sign of life says. Default: there are none. */
  readonly sign?: Liveness;
  /** When the sign is asked first: before the process table. */
  readonly isSignFirst?: boolean;
  readonly self?: ProcessIdentity;
  readonly owner?: string;
  readonly uptime?: number;
  /** What is read the next time, if that is something else. */
  readonly next?: Stored | null;
}

/** What was asked, in this order: PIDs of the process table (`2?` without the start time), `sign`, `read`. */
type Questions = string[];

function stored(record: LockRecord | null, changes: Partial<Stored> = {}): Stored {
  return { version: record?.token ?? 'torn', record, age: 0, provenance: 'this-boot', ...changes };
}

async function examined(it: Case): Promise<{ found: Examined | null; questions: Questions }> {
  const {
    record = someRecord({ process: HOLDER }),
    age = 0,
    provenance = 'this-boot',
    table = {},
    sign,
  } = it;
  const questions: Questions = [];
  const first = stored(record, { age, provenance });
  const answers = [first, ...(it.next === undefined ? [] : [it.next])];
  const processes: ProcessTable = {
    self: () => it.self ?? someIdentity({ pid: 99 }),
    identify: () => null,
    liveness: ({ pid, started }) => {
      questions.push(started === null ? `${pid}?` : `${pid}`);
      return table[pid] ?? 'unknown';
    },
    terminate: () => Promise.reject(new Error('nobody is ended here')),
    ...(it.uptime === undefined ? {} : { uptime: () => it.uptime ?? 0 }),
  };
  const life: Life | null = it.isSignFirst ? Object.assign(Object.create(null), { when: 'claiming' }) : null;
  const store: Pick<Store, 'read' | 'askHolder'> = {
    read: () => {
      questions.push('read');
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? null;
    },
    ...(sign === undefined
      ? {}
      : {
          askHolder: async () => {
            questions.push('sign');
            return sign;
          },
        }),
  };
  const found = await examine(
    {
      name: 'job.lock',
      store: Object.assign(Object.create(null), store),
      reader: store,
      limit: new CallLimit(undefined),
      clock: new FakeClock(),
      processes,
      life,
    },
    HOUR,
    it.owner,
  );
  return { found, questions };
}

async function seen(it: Case): Promise<{ liveness: readonly Liveness[]; state?: string | undefined }> {
  const { found } = await examined(it);
  return { liveness: (found?.processes ?? []).map((each) => each.liveness), state: found?.verdict.state };
}

function workedFor(...workers: readonly ProcessIdentity[]): LockRecord {
  return someRecord({ process: HOLDER, workers });
}

describe('examining a lock', () => {
  it('says what is known about each process, the holder first', async () => {
    const record = workedFor(WORKER);
    const both = await seen({ record, table: { 1: 'dead', 2: 'alive' } });
    expect(both).toEqual({ liveness: ['dead', 'alive'], state: 'live' });
    expect((await seen({ table: { 1: 'dead' } })).state).toBe('dead');
  });

  it('says that a holder is dead whose work goes on', async () => {
    const reasonFor = async (liveness: Liveness) => {
      const { found } = await examined({ record: workedFor(WORKER), table: { 1: liveness, 2: 'alive' } });
      return found?.verdict.reason;
    };
    expect(await reasonFor('dead')).toBe('PID 1 is dead, but what it has started is still at work');
    expect(await reasonFor('alive')).toBe('it is alive and has not stalled');
    expect(await reasonFor('unknown')).toBe('it is alive and has not stalled');
  });

  it('judges a lock without a holder by its age alone', async () => {
    expect(await seen({ record: null, age: HOUR })).toEqual({ liveness: [], state: 'dead' });
    expect(await seen({ record: null, age: 0 })).toEqual({ liveness: [], state: 'live' });
  });

  it('asks for nobody once the lock was released with a hold', async () => {
    const { found, questions } = await examined({ record: someRecord({ hold: HOUR }), sign: 'alive' });
    expect(found?.verdict.state).toBe('cooldown');
    expect(questions).toEqual(['read']);
  });
});

describe('a sign of life', () => {
  it('is asked for only if the process table does not know', async () => {
    const asked = async (liveness: Liveness) =>
      (await examined({ table: { 1: liveness }, sign: 'alive' })).questions;
    expect(await asked('alive')).toEqual(['read', '1']);
    expect(await asked('dead')).toEqual(['read', '1']);
    expect(await asked('unknown')).toEqual(['read', '1', 'sign']);
  });

  it('is asked for first where PIDs prove nothing to others, and then no start times are needed', async () => {
    const asked = async (sign: Liveness) => (await examined({ sign, isSignFirst: true })).questions;
    expect(await asked('alive')).toEqual(['read', 'sign']);
    expect(await asked('unknown')).toEqual(['read', 'sign', '1']);
    const worked = { record: workedFor(WORKER), sign: 'alive', isSignFirst: true } as const;
    expect((await examined(worked)).questions).toEqual(['read', 'sign', '2?']);
  });

  it('shows that the holder lives, and says nothing about its workers', async () => {
    expect(await seen({ record: workedFor(WORKER, COVERED_WORKER), sign: 'alive' })).toMatchObject({
      liveness: ['alive', 'unknown', 'unknown'],
    });
  });

  it('that has ended proves the death of the holder and of workers that it covers, and of no others', async () => {
    const ended = async (...workers: ProcessIdentity[]) =>
      (await seen({ record: workedFor(...workers), sign: 'dead' })).state;
    expect(await ended()).toBe('dead');
    expect(await ended(COVERED_WORKER)).toBe('dead');
    expect(await ended(WORKER)).toBe('live');
    expect(await ended(COVERED_WORKER, WORKER)).toBe('live');
  });

  it('that has ended proves no death where others may hold the inherited socket, unless it covers them or workers are named', async () => {
    const holder = { ...HOLDER, inheritedSocket: 'net:[1] name 7' };
    const ended = async (process: ProcessIdentity, ...workers: ProcessIdentity[]) =>
      (await seen({ record: someRecord({ process, workers }), sign: 'dead' })).liveness;
    expect(await ended(holder)).toEqual(['unknown']);
    expect(await ended({ ...holder, sign: true })).toEqual(['dead']);
    expect(await ended(holder, COVERED_WORKER)).toEqual(['dead', 'dead']);
  });

  it('does not overrule the process table', async () => {
    const record = workedFor(COVERED_WORKER);
    expect(await seen({ record, table: { 1: 'dead' }, sign: 'alive' })).toMatchObject({
      liveness: ['dead', 'unknown'],
    });
    expect(await seen({ record, table: { 3: 'alive' }, sign: 'dead' })).toEqual({
      liveness: ['unknown', 'alive'],
      state: 'live',
    });
  });

  it('of a holder that has been replaced meanwhile says nothing: the lock is read again', async () => {
    const successor = stored(someRecord({ token: 'next', process: WORKER }), { age: MINUTE });
    const { found, questions } = await examined({ sign: 'unknown', table: { 2: 'alive' }, next: successor });
    expect(found?.stored.record?.token).toBe('next');
    expect(questions).toEqual(['read', '1', 'sign', 'read', 'read', '2']);
  });

  it('of a holder that has released the lock meanwhile says nothing: the lock is free', async () => {
    expect((await examined({ sign: 'unknown', next: null })).found).toBeNull();
  });

  it('of a holder that is still there leaves it unknown', async () => {
    const { found, questions } = await examined({ sign: 'unknown' });
    expect(found?.verdict.state).toBe('live');
    expect(questions).toEqual(['read', '1', 'sign', 'read']);
  });

  it('that a store does not keep is not missed', async () => {
    expect((await examined({})).questions).toEqual(['read', '1']);
  });
});

describe('a process that a record names', () => {
  it('is not looked for in this process table if it may be elsewhere', async () => {
    const elsewhere = someRecord({ process: { ...HOLDER, hostname: 'clone' } });
    const { found, questions } = await examined({
      record: elsewhere,
      provenance: 'unknown',
      table: { 1: 'dead' },
    });
    expect(found?.processes.map(({ liveness }) => liveness)).toEqual(['unknown']);
    expect(questions).toEqual(['read']);
  });
});

describe('an owner', () => {
  const earlierRun = someRecord({ process: { ...HOLDER, pidNamespace: 'pid:[7]' }, owner: 'importer' });
  const self = someIdentity({ pid: 99, pidNamespace: 'pid:[8]' });
  const ofOwner = { record: earlierRun, self, owner: 'importer', age: 2 * MINUTE };

  it('replaces its earlier run only if that has not sent a heartbeat since this container started', async () => {
    expect((await seen({ ...ofOwner, uptime: MINUTE })).state).toBe('dead');
    expect((await seen({ ...ofOwner, uptime: 3 * MINUTE })).state).toBe('live');
    expect((await seen({ ...ofOwner, uptime: 2 * MINUTE })).state).toBe('dead');
    expect((await seen(ofOwner)).state).toBe('dead');
  });

  it('without a name replaces nobody', async () => {
    const { owner: _, ...nameless } = ofOwner;
    expect((await seen({ ...nameless, uptime: MINUTE })).state).toBe('live');
  });
});
