import type { Store } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** A store with a connection of its own. */
export interface OpenStore {
  readonly store: Store;
  close(): Promise<void>;
}

/** For a missing driver. */
export function driverMissing(kind: string, packages: readonly string[]): CliError {
  return new UsageError(
    `A lock in ${kind} needs the package ${packages.join(' or ')}, which is not installed beside livinglock: npm install ${packages[0]}, ` +
      `with --global if livinglock is installed globally.`,
  );
}

/** Loads a driver; `null` if it is not installed. */
export async function load<T>(name: string, importIt: () => Promise<T>): Promise<T | null> {
  try {
    return await importIt();
  } catch (error) {
    if (isMissing(error)) return null;
    const [reason = ''] = messageOf(error).split('\n');
    throw new CliError(
      ExitCode.store,
      `The package ${name} cannot be loaded: ${reason.replace(/\.$/, '')}. Install it again for this version of Node (npm rebuild ${name}).`,
    );
  }
}

/** For a server that cannot be reached, or refuses the connection. */
export function unreachable(place: string, error: unknown): CliError {
  return new CliError(
    ExitCode.store,
    `Cannot reach ${place}: ${messageOf(error).replace(/\.$/, '')}. ${remedyFor(messageOf(error))}`,
  );
}

/** What to do if a connection was refused with this message. */
function remedyFor(message: string): string {
  if (message.startsWith('NOPERM'))
    return 'Give the user the right to run `select` (`ACL SETUSER name +select`), or name no database.';
  if (message.startsWith('NOAUTH'))
    return 'Write the password as redis://:PASSWORD@HOST, or redis://USER:PASSWORD@HOST.';
  return 'Check that the server is running, that the address and the password are right, and that both sides use TLS (rediss:) or neither.';
}

/** Whether this is Node's error for a package that is not installed. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_UNKNOWN_BUILTIN_MODULE')
  );
}
