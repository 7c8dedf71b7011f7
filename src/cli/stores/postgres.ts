import { postgresStore } from '../../stores/postgres/index.js';
import { addressRefused, driverBroken, driverMissing, isMissing, type OpenStore, placeOf } from './driver.js';
import type { StoreAddress } from './store-option.js';

type Driver = Pick<typeof import('pg'), 'Client' | 'Pool'>;

/** At most one heartbeat and one read run at the same time. */
const CONNECTIONS = 2;
/** How long a server may take to answer before the next try, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const QUERY_TIMEOUT = 30_000;

/** @param address A connection URI of libpq; what it leaves out comes from PGHOST, PGUSER, PGPASSWORD and so on. */
export async function openPostgres(address: StoreAddress): Promise<OpenStore> {
  const { text } = address;
  const pg = await loadDriver();
  const isEmpty = /^[a-z]+:(?:\/\/)?$/i.test(text);
  const pool = poolOf(pg, isEmpty ? {} : { connectionString: text });
  // A connection broke while idle. The next operation opens a new one.
  pool.on('error', () => {});
  return {
    store: postgresStore(pool),
    address: text,
    place: placeOf(address),
    file: null,
    close: () => pool.end(),
  };
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
    throw addressRefused('PostgreSQL', error);
  }
}

async function loadDriver(): Promise<Driver> {
  try {
    return (await import('pg')).default;
  } catch (error) {
    throw isMissing(error) ? driverMissing('PostgreSQL', ['pg']) : driverBroken('pg', error);
  }
}
