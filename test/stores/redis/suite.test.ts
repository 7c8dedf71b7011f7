import { describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.js';
import { testStore } from '../../../src/testing/index.js';
import { describeWithRedis } from '../../../support/redis/describe-with-redis.js';
import { type Connection, type Driver, drivers } from '../../../support/redis/redis-drivers.js';

describeWithRedis('locks in Redis', (server) => {
  for (const driver of drivers) {
    testStore(`the store in Redis by ${driver.name}`, () => through(driver, server().url), { describe, it });
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
