import type { Store } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** A store with a connection of its own. */
export interface OpenStore {
  readonly store: Store;
  /** For the commands that this one starts, wherever they run. */
  readonly address: string;
  /** For people, without passwords. */
  readonly place: string;
  close(): Promise<void>;
}

/** For a driver that is not there. */
export function driverMissing(kind: string, packages: readonly string[]): CliError {
  return new CliError(
    ExitCode.usage,
    `A lock in ${kind} needs the package ${packages.join(' or ')}, which is not installed beside livinglock: npm install ${packages[0]}, ` +
      `with --global if livinglock is.`,
  );
}

/** For a server that is not there, or does not let us in. */
export function unreachable(place: string, error: unknown): CliError {
  return new CliError(
    ExitCode.store,
    `Cannot reach ${place}: ${messageOf(error).replace(/\.$/, '')}. See whether the server runs, and whether the address and the password are right.`,
  );
}

/** For an address that the driver cannot read. */
export function addressRefused(kind: string, error: unknown): CliError {
  return new CliError(
    ExitCode.usage,
    `The address of the store is not one of ${kind}: ${messageOf(error)}. See \`livinglock help run\`.`,
  );
}

/** Whether that is what Node says of a package that is not installed. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_UNKNOWN_BUILTIN_MODULE')
  );
}
