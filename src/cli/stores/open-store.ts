import type { OpenStore } from './driver.js';
import type { StoreAddress } from './store-option.js';

/**
 * Loads the driver, and little more: whether the server can be reached shows at the first operation.
 *
 * @param mayCreate Whether to create a file that does not exist yet.
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
