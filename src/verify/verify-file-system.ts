import type { Duration } from '../core/options/duration.js';
import { longDuration, methods, refuseUnknown, show } from '../core/options/validate.js';
import { acquire } from '../stores/default-locks.js';
import type { FileSystemReport } from './file-system-report.js';
import type { VerifySettings } from './verification.js';

/** Options of {@link verifyFileSystem}. */
export interface VerifyOptions {
  /**
   * How many processes contend for a lock at a time; at least 2.
   *
   * Default: `4`.
   */
  readonly processes?: number | undefined;
  /**
   * How long they contend. The single calls before that take less than a second. A number below 1,000 is refused, because it is probably meant as
   * seconds: write `'30s'` or `'30ms'`.
   *
   * Default: `'3s'`.
   */
  readonly duration?: Duration | undefined;
  /** Stops the verification: all processes are ended, and `verifyFileSystem` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES: readonly (keyof VerifyOptions)[] = ['processes', 'duration', 'signal'];

/**
 * Finds out whether a lock can be kept in a folder: on NFS, SMB, FUSE, a container volume. First it tries, one by one,
 * the calls that the file store relies on. Then several processes contend for a lock there, and some of them are killed;
 * a check that does not rely on files verifies that no two hold it at once. All work happens in a new folder inside the given
 * one. That folder is removed, and all processes are ended, whatever happens.
 *
 * It tests processes on this machine. It cannot test what happens between machines.
 *
 * Rejects with {@link ErrLockStore} if there is no such folder or nothing can be written there; with a `TypeError` or
 * `RangeError` for wrong parameters, before anything is touched; with the signal's reason when it aborts; with an `Error` in a program that is an
 * executable of its own (such as one made by `node --experimental-sea-config`), whose executable does not run the helper processes.
 *
 * The idea comes from the checker of the Python package filelock (tox-dev).
 *
 * @example
 * import { verifyFileSystem } from 'livinglock';
 *
 * const { verdict, findings } = await verifyFileSystem('/mnt/share', { duration: '10s' });
 * if (verdict === 'unsafe') throw new Error(findings.map(({ message }) => message).join('\n'));
 */
export async function verifyFileSystem(
  directory: string,
  options: VerifyOptions = {},
): Promise<FileSystemReport> {
  const settings = readVerifyOptions(options);
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError('The folder to verify must be a string that is not empty.');
  }
  settings.signal?.throwIfAborted();
  // Imported only here: it is as much code as everything else, and every cron job would have to load it.
  const { verification } = await import('./verification.js');
  return verification(directory, settings, acquire);
}

/** Checks options and fills in the defaults. Throws a `TypeError` or `RangeError` that names the option and the value. */
export function readVerifyOptions(options: VerifyOptions): VerifySettings {
  refuseUnknown(options, OPTION_NAMES);
  return {
    processes: readProcesses(options.processes ?? 4),
    duration: readDuration(options.duration ?? '3s'),
    signal: methods('signal', options.signal, ['addEventListener', 'throwIfAborted']),
  };
}

function readProcesses(value: unknown): number {
  if (typeof value !== 'number') {
    throw new TypeError(`The option \`processes\` must be a number, but is ${show(value)}.`);
  }
  if (Number.isInteger(value) && value >= 2) return value;
  throw new RangeError(
    `The option \`processes\` must be a whole number of at least 2, but is ${show(value)}.`,
  );
}

function readDuration(value: unknown): number {
  const milliseconds = longDuration('duration', value);
  if (milliseconds > 0 && Number.isFinite(milliseconds)) return milliseconds;
  throw new RangeError(`The option \`duration\` must be more than 0 and finite, but is ${show(value)}.`);
}
