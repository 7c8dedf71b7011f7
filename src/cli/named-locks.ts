import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { lockName, runtimeFolder } from './lock-path.js';

/** A lock in the runtime folder: what it is called there, and where it lies. */
export interface NamedLock {
  readonly name: string;
  readonly path: string;
}

/** All locks in the runtime folder, by name. Does not make the folder. */
export function namedLocks(): NamedLock[] {
  const folder = runtimeFolder();
  return entriesOf(folder)
    .map((file) => ({ name: lockName(file) ?? '', path: join(folder, file) }))
    .filter(({ name }) => name !== '')
    .sort((one, other) => (one.name < other.name ? -1 : 1));
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
      `Cannot list the locks in ${folder}: ${error instanceof Error ? error.message : error}. Set LIVINGLOCK_DIR to a folder of yours, or name locks by their paths.`,
      { cause: error },
    );
  }
}
