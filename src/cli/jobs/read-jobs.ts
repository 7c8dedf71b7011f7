import { basename } from 'node:path';
import type { ErrHistory, LockHistory } from '../../history/index.js';
import { journalName } from '../../history/journal-name.js';
import { type Inspection, inspect, LivingLockError } from '../../index.js';
import { namedIn } from '../history/names.js';
import { openOwnHistory } from '../history/read-history.js';
import { merged, type NamedLock } from '../named-locks/named-locks.js';
import type { Locks } from '../stores/locks.js';

/** What can be found out about the runs under one lock: who holds it now, and how earlier runs ended. */
export interface JobStatus {
  /** As people call it. For a history that does not tell its lock: its file. */
  readonly name: string;
  /** `null` if the lock could not be read. */
  readonly lock: Inspection | null;
  /** `null` if the history could not be read. */
  readonly history: LockHistory | null;
  /** Why something could not be read. */
  readonly failures: readonly string[];
}

/**
 * Reads the given locks; without names, all that can be listed or have a history: unlike `status`, also paths. Throws if it cannot be told which
 * these are.
 */
export async function readJobs(names: readonly string[], locks: Locks): Promise<readonly JobStatus[]> {
  const history = openOwnHistory();
  const store = locks.database;
  const jobs: JobStatus[] = [];
  for (const each of unique(await wanted())) jobs.push(await read(each));
  return jobs;

  async function wanted(): Promise<readonly NamedLock[]> {
    if (names.length > 0) return names.map((name) => ({ name, path: locks.nameOf(name) }));
    const errors: ErrHistory[] = [];
    const recorded = await history.locks({ onUnreadable: (error) => errors.push(error) });
    const listed = merged(await locks.list(), namedIn(store, recorded));
    // The job of a lock that is listed says itself that its history cannot be read.
    const journals = new Set(listed.map(({ path }) => journalName({ lock: path, store })));
    jobs.push(...errors.filter(({ path }) => !journals.has(basename(path))).map(unreadable));
    return listed;
  }

  async function read({ name, path }: NamedLock): Promise<JobStatus> {
    const failures: string[] = [];
    const fail = (reason: string) => void failures.push(reason);
    const lock = await unlessFailed(inspect(path, { store: locks.store }), fail);
    const past = await unlessFailed(history.read(lock?.name ?? path, { store }), fail);
    return { name, lock, history: past, failures };
  }
}

function unreadable({ path, message }: ErrHistory): JobStatus {
  return { name: basename(path), lock: null, history: null, failures: [message] };
}

/** A lock that is named twice is one job, by its first name: labels of metrics must be unique. */
function unique(locks: readonly NamedLock[]): readonly NamedLock[] {
  return locks.filter(({ path }, index) => locks.findIndex((other) => other.path === path) === index);
}

/** `null` if it cannot be read; `fail` is told why. An error that is not a store's is a bug. */
export async function unlessFailed<T>(
  reading: Promise<T>,
  fail: (reason: string) => void,
): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof LivingLockError)) throw error;
    fail(error.message);
    return null;
  }
}
