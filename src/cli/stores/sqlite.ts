import { existsSync } from 'node:fs';
import { type SqliteDatabase, sqliteStore } from '../../stores/sqlite/index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { driverMissing, load, type OpenStore } from './driver.js';
import { fileOfDatabase } from './sqlite-files.js';
import { type StoreAddress, sqlitePath } from './store-option.js';

interface Connection extends SqliteDatabase {
  close(): void;
}

/** The options that all drivers accept. */
type Connect = new (path: string, options: { readonly timeout: number }) => Connection;

/** How long SQLite itself waits for other writers, in milliseconds. It blocks the event loop, and with it signals and output; the store's own retries do not. */
const BUSY_TIMEOUT = 20;

export async function openSqlite(address: StoreAddress, mayCreate: boolean): Promise<OpenStore> {
  const path = sqlitePath(address.text);
  if (/:memory:$/.test(path)) {
    throw new UsageError(
      'A lock in the memory of one process keeps nobody out. Give the path of a file: sqlite:/var/lib/shop/locks.db.',
    );
  }
  if (!mayCreate && !existsSync(path)) {
    throw new CliError(
      ExitCode.store,
      `There is no SQLite database ${path}. The first \`livinglock run\` creates it.`,
    );
  }
  const Database = await loadDriver();
  let database: Connection;
  try {
    database = new Database(fileOfDatabase(path), { timeout: BUSY_TIMEOUT });
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      ExitCode.store,
      `Cannot open the SQLite database ${path}: ${messageOf(error)}. Check that its folder exists, and that you may write to both.`,
    );
  }
  return { store: sqliteStore(database), close: async () => database.close() };
}

/** Packages first: they were installed on purpose, and Node's own module prints at each start that it is experimental. */
const DRIVERS = ['@photostructure/sqlite', 'better-sqlite3', 'node:sqlite'];

async function loadDriver(): Promise<Connect> {
  let broken: unknown = null;
  for (const name of DRIVERS) {
    try {
      const connect = connectOf(await load<unknown>(name, () => import(name)));
      if (connect !== null) return connect;
    } catch (error) {
      broken ??= error;
    }
  }
  throw broken ?? driverMissing('SQLite', ['@photostructure/sqlite']);
}

function connectOf(driver: unknown): Connect | null {
  const exports = new Map(Object.entries(Object(driver)));
  const connect: unknown = exports.get('DatabaseSync') ?? exports.get('default');
  return isConnect(connect) ? connect : null;
}

function isConnect(value: unknown): value is Connect {
  return typeof value === 'function';
}
