import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../src/stores/redis/index.js';

/** A connection that gives a test full control. */
export interface Connection {
  readonly client: RedisClient;
  /** Any command. */
  call(...command: readonly [string, ...string[]]): Promise<unknown>;
  /** Ends it at once, whatever it is waiting for. */
  close(): void;
}

/** Where connections come from. */
export interface Driver {
  readonly name: string;
  connect(url: string): Promise<Connection>;
}

/** Reports of lost connections are ignored: some tests lose them on purpose. */
const ignore = () => {};

export const nodeRedis: Driver = {
  name: 'node-redis',
  async connect(url) {
    const client = createClient({ url });
    await client.on('error', ignore).connect();
    return {
      client,
      call: (...command) => client.sendCommand(command),
      close: () => {
        if (client.isOpen) client.destroy();
      },
    };
  },
};

export const ioRedis: Driver = {
  name: 'ioredis',
  async connect(url) {
    const client = new Redis(url).on('error', ignore);
    return {
      client,
      call: (name, ...parameters) => client.call(name, ...parameters),
      close: () => client.disconnect(),
    };
  },
};

export const drivers: readonly Driver[] = [nodeRedis, ioRedis];
