import { afterAll, beforeAll, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.js';
import { testStore } from '../../../src/testing/index.js';
import { type Connection, type Driver, drivers } from './drivers.js';
import { describeWithRedis, RedisServer } from './server.js';

describeWithRedis('locks in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.end());

  for (const driver of drivers) {
    testStore(`the store in Redis by ${driver.name}`, () => through(driver, server.url), {
      describe: describeWithRedis,
      it,
    });
  }
});

async function through(driver: Driver, url: string) {
  const connections: Connection[] = [];
  const connect = async () => {
    const connection = await driver.connect(url);
    connections.push(connection);
    return redisStore(connection.client);
  };
  return {
    store: await connect(),
    another: connect,
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}
