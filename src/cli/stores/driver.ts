import type { Store } from '../../index.js';
import { absolutePath } from '../../stores/file/resolve-path.js';
import { messageOf } from '../../system/message-of.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import type { StoreAddress } from './store-option.js';

/** A store with a connection of its own. */
export interface OpenStore {
  readonly store: Store;
  /** The environment for the commands that this one starts. */
  readonly address: string;
  /** Where the store is, for people; without passwords. */
  readonly place: string;
  /** The database, if it is a file; `null` if a server keeps it. */
  readonly file: string | null;
  close(): Promise<void>;
}

/** For a missing driver. */
export function driverMissing(kind: string, packages: readonly string[]): CliError {
  return new UsageError(
    `A lock in ${kind} needs the package ${packages.join(' or ')}, which is not installed beside livinglock: npm install ${packages[0]}, ` +
      `with --global if livinglock is installed globally.`,
  );
}

/** For a driver that is installed, but cannot be loaded. */
export function driverBroken(name: string, error: unknown): CliError {
  const [reason = ''] = messageOf(error).split('\n');
  return new CliError(
    ExitCode.store,
    `The package ${name} cannot be loaded: ${reason.replace(/\.$/, '')}. Install it again for this version of Node (npm rebuild ${name}).`,
  );
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
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_UNKNOWN_BUILTIN_MODULE')
  );
}

/** Where a store is, for people: without user and password. */
export function placeOf({ kind, text }: StoreAddress): string {
  if (kind === 'sqlite') return `the SQLite database ${sqlitePath(text)}`;
  const name = kind === 'redis' ? 'Redis' : 'PostgreSQL';
  const { host, pathname } = URL.canParse(text) ? new URL(text) : { host: '', pathname: '' };
  const server = host === '' ? name : `${name} at ${host}${pathname === '/' ? '' : pathname}`;
  const schema = kind === 'postgres' ? schemaIn(text) : undefined;
  return schema === undefined ? server : `${server}, schema ${schema}`;
}

/** The schema that an address of PostgreSQL names. An address without a host, as `pg` accepts it, is no `URL`. */
export function schemaIn(address: string): string | undefined {
  const [, query = ''] = /\?([^#]*)/.exec(address) ?? [];
  return new URLSearchParams(query).getAll('schema').at(-1);
}

/** @param address `sqlite:` and a path, or `sqlite://` and an absolute path. */
export function sqlitePath(address: string): string {
  return absolutePath(address.replace(/^sqlite:(?:\/\/(?=\/))?/i, ''));
}
