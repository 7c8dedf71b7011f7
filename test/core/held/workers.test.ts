import { describe, expect, it } from 'vitest';
import { identifyWorkers, type Worker } from '../../../src/core/held/workers.js';
import type { ProcessIdentity } from '../../../src/system/processes/process-identity.js';
import { FakeClock, FakeProcessTable } from '../../../src/testing/index.js';

const processes = new FakeProcessTable(new FakeClock());
const process = processes.start();
const { pid } = process;

/** As an untyped caller would pass them. */
function identify(workers: unknown, known: readonly ProcessIdentity[] = []): readonly ProcessIdentity[] {
  const untyped: readonly Worker[] = Object(workers);
  return identifyWorkers(untyped, known, processes);
}

describe('workers', () => {
  it('are known by more than their PID, which another process may have later', () => {
    expect(identify([pid])).toEqual([processes.identify(pid)]);
    expect(identify([pid, { group: pid }])).toMatchObject([{ pid }, { pid, group: true }]);
  });

  it('are up to four', () => {
    expect(identify([pid, pid, pid, pid])).toHaveLength(4);
    expect(() => identify([pid, pid, pid, pid, pid])).toThrow(
      new RangeError('A lock can name at most 4 workers, not 5.'),
    );
  });

  it.each([pid, { group: pid }, 'all', new Set([pid])])('are an array, not %j', (workers) => {
    expect(() => identify(workers)).toThrow(TypeError);
    expect(() => identify(workers)).toThrow(
      'must be an array of PIDs and of objects such as { group: 4243 }',
    );
  });

  it('have no other names', () => {
    expect(() => identify([{ gruop: pid }])).toThrow(
      new TypeError('There is no option `gruop` of a worker. Did you mean `group`?'),
    );
  });

  it.each([0, -1, -pid, 1.5, Number.NaN, 2 ** 31, 2 ** 60, '1', null, undefined])(
    'have a PID, not %j, which kill(2) would take for more than a process',
    (worker) => {
      expect(() => identify([worker])).toThrow(/^A PID is an integer from 1 to 2147483647, not /);
      expect(() => identify([{ group: worker }])).toThrow(/^A PID is an integer from 1 to 2147483647, not /);
    },
  );

  it('are not process group 1: for kill(2), -1 means all processes', () => {
    expect(() => identify([{ group: 1 }])).toThrow(/^Process group 1 cannot be a worker/);
    expect(() => identify([1])).toThrow('There is no process with the PID 1.');
  });

  it('exist', () => {
    expect(() => identify([pid + 999])).toThrow(`There is no process with the PID ${pid + 999}.`);
    expect(() => identify([{ group: pid + 999 }])).toThrow(`There is no process group ${pid + 999}.`);
  });

  it('keep the start that was seen before, if it can no longer be seen, each its own', () => {
    const [alone, group] = identify([pid, { group: pid }]);
    if (alone === undefined || group === undefined) throw new Error('Nothing was identified.');
    const later = {
      ...processes,
      identify: (each: number, isGroup = false) => ({
        ...(isGroup ? group : alone),
        pid: each,
        started: null,
      }),
    };
    const other = { ...alone, pid: pid + 1 };
    const known = [other, { ...group, started: 'of the group' }, { ...alone, started: 'its own' }];
    expect(identifyWorkers([pid, { group: pid }, pid + 2], known, Object(later))).toMatchObject([
      { pid, started: 'its own' },
      { pid, group: true, started: 'of the group' },
      { pid: pid + 2, started: null },
    ]);
  });
});
