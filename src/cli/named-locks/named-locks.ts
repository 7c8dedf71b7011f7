import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { lockName } from './lock-path.js';
import { namedLocksFolder, verifyOwnFolder } from './named-locks-folder.js';

/** A lock in the folder of named locks: its name, and its path. */
export interface NamedLock {
  readonly name: string;
  readonly path: string;
}

/** All locks in the folder of named locks, by name. Does not create the folder. */
export function namedLocks(): NamedLock[] {
  const folder = namedLocksFolder();
  verifyOwnFolder(folder);
  return entriesOf(folder.path)
    .map((file) => ({ name: lockName(file) ?? '', path: join(folder.path, file) }))
    .filter(({ name }) => name !== '')
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Those that are held, and those that have run, by name. */
export function merged(held: readonly NamedLock[], past: readonly NamedLock[]): readonly NamedLock[] {
  const paths = new Set(held.map(({ path }) => path));
  return [...held, ...past.filter(({ path }) => !paths.has(path))].toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new CliError(
      ExitCode.store,
      `Cannot list the locks in ${folder}: ${messageOf(error)}. Set LIVINGLOCK_DIR to a folder of your own, or give locks as paths.`,
      { cause: error },
    );
  }
}
