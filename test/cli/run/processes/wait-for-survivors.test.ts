import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ProcessGroup } from '../../../../src/cli/run/processes/process-group.js';
import { waitForSurvivors } from '../../../../src/cli/run/processes/wait-for-survivors.js';
import { acquire, systemProcesses, type Worker } from '../../../../src/index.js';
import { memoryStore } from '../../../../src/testing/index.js';

/** A group whose survivors are these at one look after the other; then it is gone. */
function group(named: readonly Worker[], ...looks: readonly (readonly Worker[])[]): ProcessGroup {
  const left = [...looks];
  return {
    named,
    survivors: () => left.shift() ?? [],
    isGone: () => left.length === 0,
    signal: () => {},
  };
}

async function lockWithNames() {
  const lock = await acquire('nightly', { store: memoryStore() });
  onTestFinished(() => lock.release());
  return { lock, setWorkers: vi.spyOn(lock, 'setWorkers').mockResolvedValue() };
}

/** Lets these processes exist, as PIDs or as groups. */
function existing(...workers: readonly Worker[]): void {
  const self = systemProcesses().self();
  const known = new Set(workers.map((worker) => JSON.stringify(worker)));
  vi.spyOn(systemProcesses(), 'identify').mockImplementation((pid, isGroup) =>
    known.has(JSON.stringify(isGroup === true ? { group: pid } : pid)) ? { ...self, pid } : null,
  );
  onTestFinished(() => void vi.restoreAllMocks());
}

describe('what is left of a command', () => {
  it('is waited for, and named in the lock when it changes', async () => {
    const { lock, setWorkers } = await lockWithNames();
    existing(20, 21, 22);
    await waitForSurvivors(group([20], [20], [20, 21], [20, 21], [22]), lock);
    expect(setWorkers.mock.calls).toEqual([[[20, 21]], [[22]]]);
  });

  it('is not named if it is gone at once', async () => {
    const { lock, setWorkers } = await lockWithNames();
    await waitForSurvivors(group([20]), lock);
    expect(setWorkers).not.toHaveBeenCalled();
  });

  it('is named without those that have just ended, and with four at most', async () => {
    const { lock, setWorkers } = await lockWithNames();
    existing(20, 22, 23, 24, 25, { group: 30 });
    await waitForSurvivors(group([19], [20, 21, 22, 23, 24, 25], [{ group: 30 }]), lock);
    expect(setWorkers.mock.calls).toEqual([[[20, 22, 23, 24]], [[{ group: 30 }]]]);
  });

  it('is named at the next look if the lock could not name it, or if all had just ended', async () => {
    const { lock, setWorkers } = await lockWithNames();
    setWorkers.mockRejectedValueOnce(new RangeError('It has ended.'));
    existing(20);
    await waitForSurvivors(group([19], [20], [20], [20], [21], [20]), lock);
    expect(setWorkers.mock.calls).toEqual([[[20]], [[20]]]);
  });

  it('is waited for without a lock', async () => {
    existing(20);
    const waited = group([19], [20], [20]);
    await waitForSurvivors(waited, null);
    expect(waited.isGone()).toBe(true);
  });
});
