import { locksFolder } from '../../system/home/locks-folder.js';
import { type Surroundings, surroundings } from '../../system/home/surroundings.js';
import { messageOf } from '../../system/message-of.js';
import type { TrustedFolder } from '../../system/trusted-folder.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** What to do if named locks cannot be used. */
export const REMEDY = 'Set LIVINGLOCK_DIR to a folder of your own, or give the lock as a path.';

/** Where named locks are stored, see {@link locksFolder}. Throws a `CliError` that says what to do. */
export function namedLocksFolder(system: Surroundings = surroundings): TrustedFolder {
  try {
    return locksFolder(system);
  } catch (error) {
    throw new CliError(ExitCode.store, `${messageOf(error)}. ${REMEDY}`, { cause: error });
  }
}
