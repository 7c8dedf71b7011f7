import type { Store } from '../../index.js';
import { type PostgresConnection, postgresStore } from '../../stores/postgres/index.js';
import { messageOf } from '../../system/message-of.js';
import { UsageError } from '../errors/cli-error.js';
import { driverMissing, load, type OpenStore } from './driver.js';
import { addressRefused, type StoreAddress, schemaIn } from './store-option.js';

type Driver = Pick<typeof import('pg'), 'Client' | 'Pool'>;

/** At most one heartbeat and one read run at the same time. */
const CONNECTIONS = 2;
/** How long a server may take to answer before the next try, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const QUERY_TIMEOUT = 30_000;

/** @param address A connection URI of libpq, which may also name the `schema` of the table; what it leaves out comes from PGHOST, PGUSER, PGPASSWORD and so on. */
export async function openPostgres({ text }: StoreAddress): Promise<OpenStore> {
  const driver = await load('pg', () => import('pg'));
  if (driver === null) throw driverMissing('PostgreSQL', ['pg']);
  const isEmpty = /^[a-z]+:(?:\/\/)?$/i.test(text);
  const pool = poolOf(driver.default, isEmpty ? {} : { connectionString: text });
  // A connection broke while idle. The next operation opens a new one.
  pool.on('error', () => {});
  return { store: storeIn(schemaIn(text), pool), close: () => pool.end() };
}

function storeIn(schema: string | undefined, pool: PostgresConnection): Store {
  try {
    return postgresStore(pool, { schema });
  } catch (error) {
    throw new UsageError(
      `The address of the store (--store, LIVINGLOCK_STORE) is not valid for PostgreSQL: ${messageOf(error)}`,
    );
  }
}

function poolOf({ Client, Pool }: Driver, where: { readonly connectionString?: string }) {
  try {
    // The pool would parse the address only at the first operation.
    void new Client(where);
    return new Pool({
      ...where,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      query_timeout: QUERY_TIMEOUT,
      keepAlive: true,
      application_name: 'livinglock',
    });
  } catch (error) {
    throw addressRefused('postgres', messageOf(error));
  }
}
