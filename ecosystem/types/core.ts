// A job that keeps its lock in a file.
import {
  type AcquireOptions,
  acquire,
  ErrLockBusy,
  type Lock,
  type LockRecord,
  tryWithLock,
  type Work,
} from 'livinglock';
import { fileStore } from 'livinglock/file';
import { openHistory, type PastRun } from 'livinglock/history';
import { FakeClock, FakeProcessTable, memoryStore } from 'livinglock/testing';

export async function job(chunks: readonly string[]): Promise<LockRecord | null> {
  const clock = new FakeClock();
  const dependencies = { clock, processes: new FakeProcessTable(clock) };
  const options: AcquireOptions = { staleTimeout: '2h', dependencies, store: fileStore(dependencies) };
  let lock: Lock;
  try {
    lock = await acquire('job.lock', options);
  } catch (error) {
    if (error instanceof ErrLockBusy) return error.holder;
    throw error;
  }
  for (const [index, note] of chunks.entries()) {
    lock.signal.throwIfAborted();
    await lock.heartBeat({ progress: index / chunks.length, note });
  }
  await lock.release();
  return null;
}

export async function skipped(): Promise<string> {
  const work: Work<string> = () => 'done';
  const { ran, busy, value } = await tryWithLock('job.lock', { store: memoryStore() }, work);
  return ran ? value : busy.message;
}

// @ts-expect-error: without types, this would be no error.
acquire(42);

export async function lastRun(lock: Lock): Promise<PastRun | undefined> {
  const history = openHistory({ folder: 'history', maxAge: '30 days' });
  const { name, token: id, acquiredAt: startedAt, predecessor } = lock;
  await history.record({ id, lock: name, startedAt, predecessor, outcome: 'succeeded', exitCode: undefined });
  const { runs } = await history.read(name, { last: 1 });
  return runs.at(-1);
}
