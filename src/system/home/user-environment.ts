import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { constants, hostname, userInfo } from 'node:os';
import { type Folders, systemFolders } from '../files/trusted-folder.js';
import { isError } from '../is-error.js';
import { messageOf } from '../message-of.js';

/** The parts of a machine that decide where named locks and the history are stored. File functions throw what `node:fs` throws. */
export interface UserEnvironment extends Folders {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home folder in the user database, or `null` for a user without an entry. */
  home(): string | null;
  hostname(): string;
  /** The output of macOS's ioreg(8) about the machine itself. */
  hardware(): string;
  read(path: string): string;
  /** The type of the file system at the path, as a magic number (statfs(2)). */
  fileSystemType(path: string): number;
}

export const thisUser: UserEnvironment = {
  ...systemFolders,
  platform: process.platform,
  environment: process.env,
  home,
  hostname,
  hardware: () =>
    execFileSync('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  read: (path) => readFileSync(path, 'utf8'),
  // Made unsigned: on 32-bit machines the kernel's number is signed.
  fileSystemType: (path) => statfsSync(path).type >>> 0,
};

/**
 * From the user database rather than from $HOME, which sudo and su may keep. A directory service that does not answer is an
 * error: the user may have a home, and other runs may find it.
 */
function home(): string | null {
  try {
    return userInfo().homedir;
  } catch (error) {
    if (isError(error) && 'errno' in error && error.errno === -constants.errno.ENOENT) return null;
    throw new Error(`your home folder cannot be looked up: ${messageOf(error)}`, { cause: error });
  }
}
