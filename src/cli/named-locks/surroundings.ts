import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, type Stats, statfsSync, statSync } from 'node:fs';
import { constants, hostname, userInfo } from 'node:os';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** As much of a machine as decides where named locks are stored. The calls on files throw what `node:fs` throws. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The effective user; 0 on Windows, where it is not asked for. */
  readonly uid: number;
  /** The home folder in the user database, or `null` for a user without an entry there. */
  home(): string | null;
  hostname(): string;
  /** The output of macOS's ioreg(8) about the machine itself. */
  hardware(): string;
  read(path: string): string;
  stat(path: string): FileStatus;
  /** The same, of a symbolic link itself. */
  lstat(path: string): FileStatus;
  mkdir(path: string, mode: number): void;
  /** The type of the file system that holds the path, as a magic number (statfs(2)). */
  fileSystemType(path: string): number;
}

export interface FileStatus {
  readonly kind: 'folder' | 'link' | 'other';
  readonly uid: number;
  /** The permissions alone. */
  readonly mode: number;
}

export const surroundings: Surroundings = {
  platform: process.platform,
  environment: process.env,
  uid: process.geteuid?.() ?? 0,
  home,
  hostname,
  hardware: () =>
    execFileSync('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  read: (path) => readFileSync(path, 'utf8'),
  stat: (path) => statusOf(statSync(path)),
  lstat: (path) => statusOf(lstatSync(path)),
  mkdir: (path, mode) => mkdirSync(path, { mode }),
  // As an unsigned number: on 32-bit machines the kernel's is signed.
  fileSystemType: (path) => statfsSync(path).type >>> 0,
};

/** The code of an error of `node:fs`, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

/**
 * From the user database rather than from $HOME, which sudo and su may keep. A directory service that does not answer is an
 * error: the user may have a home, and other runs may find it.
 */
function home(): string | null {
  try {
    return userInfo().homedir;
  } catch (error) {
    if (error instanceof Error && 'errno' in error && error.errno === -constants.errno.ENOENT) return null;
    throw new CliError(
      ExitCode.store,
      `Cannot look up your home folder: ${error instanceof Error ? error.message : error}. Set LIVINGLOCK_DIR to a folder of your own, or give the lock as a path.`,
      { cause: error },
    );
  }
}

function statusOf(stats: Stats): FileStatus {
  const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, uid: stats.uid, mode: stats.mode & 0o7777 };
}
