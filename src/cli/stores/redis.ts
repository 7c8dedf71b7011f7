import { once } from 'node:events';
import { type NodeRedisClient, redisStore } from '../../stores/redis/index.js';
import { inTime } from '../../stores/shared/time-limit.js';
import { systemClock } from '../../system/clock.js';
import { messageOf } from '../../system/message-of.js';
import { driverMissing, load, type OpenStore, unreachable } from './driver.js';
import { addressRefused, placeOf, type StoreAddress } from './store-option.js';

/** How long a server may take to answer before the next try, in milliseconds. */
const TIMEOUT = 10_000;
/** The same for an operation: somebody waits for `livinglock beat` and `status`. */
const COMMAND_TIMEOUT = 5000;

/** @param address A URL of a Redis server, `rediss:` with TLS. */
export async function openRedis(address: StoreAddress): Promise<OpenStore> {
  const { text } = address;
  const client = (await openNodeRedis(text)) ?? (await openIoRedis(text));
  if (client === null) throw driverMissing('Redis', ['redis', 'ioredis']);
  // Later the client reconnects by itself. At the start it would retry forever, silently.
  try {
    // A stopped server, or a proxy without a server, may accept a connection and then stay silent.
    await inTime(TIMEOUT, systemClock, () => client.ready);
  } catch (error) {
    client.end();
    throw unreachable(placeOf(address), error);
  }
  return { store: client.store, close: async () => client.end() };
}

interface Client {
  readonly store: OpenStore['store'];
  /** Rejects with the first error. */
  readonly ready: Promise<unknown>;
  end(): void;
}

async function openNodeRedis(url: string): Promise<Client | null> {
  const redis = await load('redis', () => import('redis'));
  if (redis === null) return null;
  const client = read(() =>
    redis.createClient({ url, name: 'livinglock', socket: { connectTimeout: TIMEOUT } }),
  );
  // A failure shows at the operation. Without a listener, the process would end.
  client.on('error', () => {});
  const ready = once(client, 'ready');
  client.connect().catch(() => {});
  const answer = async (sent: Promise<unknown>) => {
    try {
      return await sent;
    } catch (error) {
      if (isDemoted(error) && client.isReady) {
        destroy(client);
        client.connect().catch(() => {});
      }
      throw error;
    }
  };
  const connection: NodeRedisClient = {
    eval: (script, options) => answer(client.eval(script, options)),
    evalSha: (sha, options) => answer(client.evalSha(sha, options)),
  };
  return {
    store: redisStore(connection, { commandTimeout: COMMAND_TIMEOUT }),
    ready,
    end: () => destroy(client),
  };
}

/** Whether this server has become a replica. The address may lead to the new primary by now. */
function isDemoted(error: unknown): boolean {
  return /\bREADONLY\b/.test(messageOf(error));
}

/** Version 4 of node-redis has no `destroy`, only what later ones call deprecated. It rejects if the client is closed already. */
function destroy(client: { destroy?(): void; disconnect(): Promise<unknown> }): void {
  if (client.destroy !== undefined) client.destroy();
  else client.disconnect().catch(() => {});
}

async function openIoRedis(url: string): Promise<Client | null> {
  const redis = await load('ioredis', () => import('ioredis'));
  if (redis === null) return null;
  const client = read(
    () =>
      new redis.Redis(url, {
        connectionName: 'livinglock',
        connectTimeout: TIMEOUT,
        reconnectOnError: isDemoted,
      }),
  );
  client.on('error', () => {});
  const store = redisStore(client, { commandTimeout: COMMAND_TIMEOUT });
  return { store, ready: once(client, 'ready'), end: () => client.disconnect() };
}

function read<T>(connect: () => T): T {
  try {
    return connect();
  } catch (error) {
    throw addressRefused('redis', messageOf(error));
  }
}
