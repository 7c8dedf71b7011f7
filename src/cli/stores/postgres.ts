import { postgresStore } from '../../stores/postgres/index.js';
import { addressRefused, driverMissing, isMissing, type OpenStore, placeOf } from './driver.js';

/** At most one heartbeat and one read run at the same time. */
const CONNECTIONS = 2;
/** How long a server may take to answer before the next try, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const QUERY_TIMEOUT = 30_000;

/** @param address A connection URI of libpq; what it leaves out comes from PGHOST, PGUSER, PGPASSWORD and so on. */
export async function openPostgres(address: string): Promise<OpenStore> {
  const Pool = await loadPool();
  const isEmpty = /^[a-z]+:(?:\/\/)?$/i.test(address);
  const pool = poolOf(Pool, isEmpty ? {} : { connectionString: address });
  // A connection broke while idle. The next operation opens a new one.
  pool.on('error', () => {});
  return {
    store: postgresStore(pool),
    address,
    place: placeOf('PostgreSQL', address),
    file: null,
    close: () => pool.end(),
  };
}

function poolOf(Pool: typeof import('pg').Pool, where: { readonly connectionString?: string }) {
  try {
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

async function loadPool(): Promise<typeof import('pg').Pool> {
  try {
    return (await import('pg')).default.Pool;
  } catch (error) {
    if (isMissing(error)) throw driverMissing('PostgreSQL', ['pg']);
    throw error;
  }
}
