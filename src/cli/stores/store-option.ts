import { absolutePath } from '../../stores/file/resolve-path.js';
import { type CliError, UsageError } from '../errors/cli-error.js';
import type { Option } from '../grammar/option.js';

/** Where locks are kept instead of in files. */
type StoreKind = 'sqlite' | 'postgres' | 'redis';

/** As it was given, and its kind. */
export interface StoreAddress {
  readonly kind: StoreKind;
  readonly text: string;
}

const KINDS: ReadonlyMap<string, StoreKind> = new Map([
  ['sqlite', 'sqlite'],
  ['postgres', 'postgres'],
  ['postgresql', 'postgres'],
  ['redis', 'redis'],
  ['rediss', 'redis'],
]);

/** The environment variable for the option, so that a password need not stand where `ps` shows it. */
const STORE_VARIABLE = 'LIVINGLOCK_STORE';

/** `--store`, for each subcommand that works on locks. */
export const STORE_OPTION = {
  flags: '--store <store>',
  description: 'the database that keeps the lock, instead of a file: postgres://…, redis://…, sqlite:PATH',
  parse: parseStore,
  variable: STORE_VARIABLE,
  // It may come from another variable that was not set. With locks in files, jobs on several servers would run at the same time.
  takesEmptyVariable: true,
} as const satisfies Option;

/** Throws no {@link InvalidArgument}: its message would repeat the text, and the password in it. */
export function parseStore(text: string): StoreAddress {
  const kind = KINDS.get(
    /^(postgres(?:ql)?(?=:$)|sqlite(?=:.)|[a-z]+(?=:\/\/)):/is.exec(text)?.[1]?.toLowerCase() ?? '',
  );
  if (kind !== undefined) {
    if (kind !== 'sqlite' && hasLooseAt(text)) {
      throw addressRefused(kind, 'It has more than one @, or one after a slash or a question mark');
    }
    return { kind, text };
  }
  if (text === '') {
    throw new UsageError(
      `The address of the store (--store, ${STORE_VARIABLE}) is empty. For locks in files, leave it out: unset ${STORE_VARIABLE}.`,
    );
  }
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text)?.[0] ?? '';
  throw new UsageError(
    `The address of the store (--store, ${STORE_VARIABLE}) is invalid. It must be one of postgres://…, redis://…, sqlite:PATH${scheme && `, not ${scheme}…`}.`,
  );
}

/** Drivers would take a part of the password for the host, and show it in a message. */
function hasLooseAt(text: string): boolean {
  const [, address = '', query = ''] = /^[a-z]+:(?:\/\/)?([^?]*)\??(.*)$/is.exec(text) ?? [];
  return !/^[^@/#]*@?[^@]*$/.test(address) || /^[^=&]*@/.test(query);
}

/** For an address that a driver cannot parse, or would misread. */
export function addressRefused(kind: StoreKind, reason: string): CliError {
  const name = kind === 'redis' ? 'Redis' : 'PostgreSQL';
  return new UsageError(
    `The address of the store (--store, ${STORE_VARIABLE}) is not valid for ${name}: ${reason.replace(/\.$/, '')}.${kind === 'redis' ? ' The path is the number of a database.' : ''} In a user name or password, write %40 for @, %2F for /, %3F for ?, %23 for # and %3A for :.`,
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
