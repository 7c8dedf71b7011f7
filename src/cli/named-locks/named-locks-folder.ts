import {
  makeTrustedFolder,
  type TrustedFolder,
  verifyTrustedFolder,
} from '../../system/files/trusted-folder.js';
import { locksFolder } from '../../system/home/locks-folder.js';
import { surroundings, type UserEnvironment } from '../../system/home/user-environment.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** What to do if named locks cannot be used. */
const REMEDY = 'Set LIVINGLOCK_DIR to a folder of your own, or give the lock as a path.';

/** Where named locks are stored, see {@link locksFolder}. Throws a `CliError` that says what to do. */
export function namedLocksFolder(system: UserEnvironment = surroundings): TrustedFolder {
  try {
    return locksFolder(system);
  } catch (error) {
    throw new CliError(ExitCode.store, `${messageOf(error)}. ${REMEDY}`, { cause: error });
  }
}

/** Creates the folder of named locks if it is missing, and verifies that it belongs to this user. */
export function makeOwnFolder(folder: TrustedFolder, system: UserEnvironment = surroundings): void {
  try {
    makeTrustedFolder(folder, system);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** Verifies the folder as far as it exists. Creates nothing. */
export function verifyOwnFolder(folder: TrustedFolder, system: UserEnvironment = surroundings): void {
  try {
    verifyTrustedFolder(folder, system);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable({ path }: TrustedFolder, error: unknown): CliError {
  const reason = messageOf(error);
  return new CliError(ExitCode.store, `Cannot keep locks in ${path}: ${reason}. ${REMEDY}`, { cause: error });
}
