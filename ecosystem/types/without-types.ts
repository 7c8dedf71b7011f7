// Without the types of Node, of the DOM, and of any driver.
import { acquire, ErrLockBusy } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { ErrHistory } from 'livinglock/history';
import { fence } from 'livinglock/mysql';
import { postgresStore } from 'livinglock/postgres';
import { redisStore } from 'livinglock/redis';
import { sqliteStore } from 'livinglock/sqlite';
import { FakeClock, testStore } from 'livinglock/testing';

export const others = { fileStore, postgresStore, redisStore, sqliteStore, testStore, fence, ErrHistory };

export async function job(): Promise<string | undefined> {
  try {
    const lock = await acquire('job.lock', { staleTimeout: '2h', dependencies: { clock: new FakeClock() } });
    if (!lock.signal.aborted) await lock.heartBeat({ progress: 0.5 });
    await lock.release();
    return undefined;
  } catch (error) {
    if (error instanceof ErrLockBusy) return error.holder?.process.hostname ?? undefined;
    throw error;
  }
}

// @ts-expect-error: without types, this would be no error.
acquire(42);
