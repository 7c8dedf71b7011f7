import { onTestFinished } from 'vitest';
import { type AcquireOptions, acquire, type Inspection, inspect, type Lock } from '../../src/index.js';
import { type RedisClient, type RedisStoreOptions, redisStore } from '../../src/stores/redis/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable } from '../../src/testing/index.js';
import { type Connection, type Driver, nodeRedis } from './redis-drivers.js';
import type { RedisServer } from './redis-server.js';

/** The lock of all scenes. */
export const NAME = 'nightly';
export const KEY = `livinglock:${NAME}`;

/** An empty Redis, connections to it, and the processes and the clock of one machine. */
export class Scene {
  readonly clock = new FakeClock();
  readonly processes = new FakeProcessTable(this.clock);
  readonly connection: Connection;
  readonly #url: string;

  static async open(server: RedisServer, driver?: Driver): Promise<Scene> {
    const scene = await Scene.look(server, driver);
    await scene.connection.call('FLUSHALL');
    return scene;
  }

  /** Starts from whatever is there already. */
  static async look({ url }: RedisServer, driver?: Driver): Promise<Scene> {
    return new Scene(await connect(url, driver), url);
  }

  private constructor(connection: Connection, url: string) {
    this.connection = connection;
    this.#url = url;
  }

  connect(driver?: Driver): Promise<Connection> {
    return connect(this.#url, driver);
  }

  acquire({
    client = this.connection.client,
    process = this.processes.own,
    store = {},
    ...options
  }: Omit<AcquireOptions, 'store'> & {
    client?: RedisClient;
    process?: FakeProcess;
    store?: RedisStoreOptions;
  } = {}): Promise<Lock> {
    const dependencies = { clock: this.clock, processes: this.processes.as(process) };
    return acquire(NAME, {
      heartbeatMinimalInterval: 0,
      store: redisStore(client, { ...dependencies, ...store }),
      dependencies,
      ...options,
    });
  }

  inspect(client: RedisClient = this.connection.client): Promise<Inspection> {
    const dependencies = { clock: this.clock, processes: this.processes };
    return inspect(NAME, { store: redisStore(client, dependencies), dependencies });
  }

  /** The hash of the lock, read by another command. */
  async hash(key = KEY): Promise<Readonly<Record<string, string>>> {
    const script = `return redis.call('HGETALL', KEYS[1])`;
    const fields = await this.connection.call('EVAL', script, '1', key);
    const texts = Array.isArray(fields) ? fields.map(String) : [];
    return Object.fromEntries(
      texts.flatMap((field, index) => (index % 2 === 0 ? [[field, texts[index + 1] ?? '']] : [])),
    );
  }

  set(...fields: readonly string[]): Promise<unknown> {
    return this.connection.call('HSET', KEY, ...fields);
  }
}

/** Closed with the test. */
export async function connect(url: string, driver: Driver = nodeRedis): Promise<Connection> {
  const connection = await driver.connect(url);
  onTestFinished(() => connection.close());
  return connection;
}
