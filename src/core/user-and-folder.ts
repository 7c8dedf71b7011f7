import { userInfo } from 'node:os';
import { attempt } from '../system/attempt.js';
import { fitCwd, fitUser } from './record/record.js';

// What a record says about this process besides its identity.

let user: string | null | undefined;

/** Asked once, because the answer comes from a file or from a directory service. */
export function currentUser(): string | null {
  user ??= fitUser(lookUpUser() ?? '') || null;
  return user;
}

function lookUpUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that is not in its password file.
    return process.geteuid === undefined ? null : String(process.geteuid());
  }
}

/** `null` if the folder was removed: it has no path any more. */
export function currentFolder(): string | null {
  return attempt(() => fitCwd(process.cwd()), null);
}
