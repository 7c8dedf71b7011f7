import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquire, inspect } from '../../../src/index.js';
import { type RedisClient, redisStore } from '../../../src/stores/redis/index.js';
import { FakeClock } from '../../../src/testing/index.js';
import { silentServer } from '../../../support/silent-server.js';
import { SECOND } from '../../../support/world.js';

const NAME = 'nightly';

/** Clients that wait for a connection, as each driver does by itself. */
const CLIENTS: Readonly<Record<string, (port: number) => RedisClient>> = {
  'node-redis': (port) => {
    const client = createClient({ socket: { host: '127.0.0.1', port } }).on('error', () => {});
    onTestFinished(() => client.destroy());
    client.connect().catch(() => {});
    return client;
  },
  ioredis: (port) => {
    const client = new Redis({ host: '127.0.0.1', port }).on('error', () => {});
    onTestFinished(() => client.disconnect());
    return client;
  },
};

describe.each(Object.entries(CLIENTS))(
  'a server that accepts and stays silent, with %s',
  (_name, connect) => {
    it('does not hold up a call for longer than 30 seconds', async () => {
      const clock = new FakeClock();
      const store = redisStore(connect((await silentServer()).port), { clock });
      const refused = [acquire(NAME, { store }), inspect(NAME, { store })].map((call) =>
        expect(call).rejects.toMatchObject({
          name: 'ErrLockStore',
          code: 'ETIMEDOUT',
          message:
            'Cannot read the lock nightly: no answer within 30 seconds. Check that Redis is running and can be reached from here.',
        }),
      );
      await clock.advance(30 * SECOND);
      await Promise.all(refused);
    });

    it('may have made a change, which the next call finds out', async () => {
      const clock = new FakeClock();
      const store = redisStore(connect((await silentServer()).port), { clock });
      const refused = expect(store.beat(NAME, 'token', {})).rejects.toMatchObject({
        message: expect.stringMatching(
          /can be reached from here\. If the change was made anyway, the next call finds out\.$/,
        ),
      });
      const unlisted = expect(store.names?.()).rejects.toMatchObject({
        message: expect.stringMatching(/^Cannot list .* can be reached from here\.$/),
      });
      await clock.advance(30 * SECOND);
      await Promise.all([refused, unlisted]);
    });

    it('does not hold up a call whose signal aborts', async () => {
      const stopping = new AbortController();
      const { signal } = stopping;
      const store = redisStore(connect((await silentServer()).port), { clock: new FakeClock() });
      const ended = [acquire(NAME, { store, signal }), inspect(NAME, { store, signal })].map((call) =>
        expect(call).rejects.toBe('enough'),
      );
      stopping.abort('enough');
      await Promise.all(ended);
    });
  },
);
