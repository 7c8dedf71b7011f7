import type { OpenStore } from './driver.js';
import type { StoreAddress } from './store-option.js';

/**
 * Loads the driver, and little more: whether there is a server shows at the first operation.
 *
 * @param mayCreate Whether a file that is not there yet is to be made.
 */
export async function openStore({ kind, text }: StoreAddress, mayCreate: boolean): Promise<OpenStore> {
  switch (kind) {
    case 'sqlite':
      return (await import('./sqlite.js')).openSqlite(text, mayCreate);
    case 'postgres':
      return (await import('./postgres.js')).openPostgres(text);
    case 'redis':
      return (await import('./redis.js')).openRedis(text);
  }
}
