import { setTimeout as sleep } from 'node:timers/promises';
import type { Life, Store } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { UsageError } from '../errors/cli-error.js';
import {
  hintOnName,
  lockPath,
  type NamedLock,
  namedLocks,
  namedLocksFolder,
} from '../named-locks/named-locks.js';
import { say } from '../terminal/messages.js';
import type { OpenStore } from './driver.js';
import { placeOf, type StoreAddress, sqlitePath } from './store-option.js';

/** How long to wait, in milliseconds, for a connection to be closed. A server that is silent must not hold up the end. */
const CLOSE_TIMEOUT = 1000;

/** The locks of one store, by their names on the command line. */
export interface Locks {
  readonly store: Store;
  /** For a `livinglock beat` in a command that is started; empty for files. */
  readonly address: string;
  /** Where all locks of {@link Locks.list} are stored, for people. */
  place(): string;
  /** The same if that is a database, as the history names it; `null` for files. */
  readonly database: string | null;
  /** The lock's name in the store. */
  nameOf(lock: string): string;
  /** The file that a lock is kept in; `null` if a server keeps it. */
  fileOf(name: string): string | null;
  list(): Promise<readonly NamedLock[]>;
}

/**
 * Opens the store, and closes it again however the work ends.
 *
 * @param mayCreate Whether to create a folder or a file for the locks that does not exist yet.
 * @param life Which signs of life a store in files keeps. Default: the system's.
 */
export async function withLocks<T>(
  address: StoreAddress | undefined,
  use: (locks: Locks) => Promise<T>,
  mayCreate = false,
  life?: Life | null,
): Promise<T> {
  if (address === undefined) return use(await files(mayCreate, life));
  const { store, close } = await openStore(address, mayCreate);
  const place = placeOf(address);
  const file = address.kind === 'sqlite' ? sqlitePath(address.text) : null;
  try {
    return await use({
      store,
      address: file === null ? address.text : `sqlite:${file}`,
      place: () => place,
      database: place,
      nameOf: (lock) => nameIn(store, lock),
      fileOf: () => file,
      list: async () => ((await store.names?.()) ?? []).map((name) => ({ name, path: name })),
    });
  } finally {
    // An error while closing does not undo the work.
    await Promise.race([close().catch(() => {}), sleep(CLOSE_TIMEOUT, undefined, { ref: false })]);
  }
}

/** Loads the driver, and little more: whether the server can be reached shows at the first operation. */
async function openStore(address: StoreAddress, mayCreate: boolean): Promise<OpenStore> {
  // The warnings of a driver, such as about `~/.pgpass`: in a cron job, they would be a mail for every run.
  process.emitWarning = () => {};
  switch (address.kind) {
    case 'sqlite':
      return (await import('./sqlite.js')).openSqlite(address, mayCreate);
    case 'postgres':
      return (await import('./postgres.js')).openPostgres(address);
    case 'redis':
      return (await import('./redis.js')).openRedis(address);
  }
}

async function files(mayCreate: boolean, life: Life | null | undefined): Promise<Locks> {
  const { fileStore } = await import('../../stores/file/index.js');
  return {
    store: fileStore({ life }),
    address: '',
    // Only now, because a lock that is given as a path needs no such folder.
    place: () => namedLocksFolder().path,
    database: null,
    nameOf: (lock) => lockPath(lock, mayCreate),
    fileOf: (name) => name,
    list: async () => namedLocks(),
  };
}

/** Says on stderr which locks are meant by names that look like files. */
export function sayWhichAreMeant(names: readonly string[], { database }: Locks): void {
  if (database !== null) return;
  for (const name of names) {
    const hint = hintOnName(name);
    if (hint !== null) say(hint);
  }
}

function nameIn(store: Store, lock: string): string {
  try {
    return store.resolve(lock);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
