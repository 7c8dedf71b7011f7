import { describe, expect, it } from 'vitest';
import { type AcquireOptions, breakLock, ErrLockLost, systemClock } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { describeWithRedis } from '../../../support/redis/describe-with-redis.js';
import { interceptedRedis } from '../../../support/redis/intercepted-redis.js';
import { NAME, Scene } from '../../../support/redis/redis-scene.js';
import { poll } from '../../../support/running.js';
import { HOUR } from '../../../support/world.js';

describeWithRedis('the store in Redis', (server) => {
  describe('a release whose answer was lost', () => {
    /** The answer is lost after everything that happens meanwhile. */
    async function releaseTwice(
      scene: Scene,
      meanwhile: () => Promise<unknown>,
      options: AcquireOptions = {},
    ): Promise<void> {
      let isLost = false;
      const client = interceptedRedis(scene.connection.client, async (run) => {
        const answer = await run();
        if (!isLost) return answer;
        isLost = false;
        await meanwhile();
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      });
      const lock = await scene.acquire({ ...options, client, store: { clock: systemClock } });
      isLost = true;
      await lock.release();
    }

    it('is a release, although another contender has acquired the lock since', async () => {
      const scene = await Scene.open(server());
      await releaseTwice(scene, () => scene.acquire());
      expect(await scene.inspect()).toMatchObject({ state: 'live' });
    });

    it('is a release, although others have acquired and released the lock since, the last one with a hold', async () => {
      const scene = await Scene.open(server());
      await releaseTwice(scene, async () => {
        for (const holdAtLeast of [0, 0, 1]) await (await scene.acquire({ holdAtLeast })).release();
        await poll('The lock did not become free', async () => (await scene.inspect()).state === 'free');
        await scene.acquire();
      });
      expect(await scene.inspect()).toMatchObject({ state: 'live' });
    });

    it('is a release, although its sticky owner has taken the lock again since', async () => {
      const scene = await Scene.open(server());
      const options = { owner: 'server-1', sticky: true, holdAtLeast: HOUR };
      await releaseTwice(scene, () => scene.acquire(options), options);
      expect(await scene.inspect()).toMatchObject({ state: 'live' });
    });

    it('can no longer be told from a loss if somebody was robbed since', async () => {
      const scene = await Scene.open(server());
      const process = scene.processes.start();
      const released = releaseTwice(scene, async () => {
        await scene.acquire({ process });
        process.kill();
        await scene.acquire();
      });
      await expect(released).rejects.toThrow(ErrLockLost);
    });
  });

  it.each(['nobody', 'somebody'])(
    'tells the holder of a lock that was broken, when %s has it since',
    async (who) => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire();
      await breakLock(NAME, { store: redisStore(scene.connection.client), force: true });
      if (who === 'somebody') await scene.acquire();
      await expect(lock.release()).rejects.toThrow(ErrLockLost);
    },
  );

  it.each([
    ['goes on', []],
    ['was set back', ['fencing_token', '5', 'released_since', '5']],
  ])(
    'tells the holder of a lock that Redis has forgotten, when somebody has it since and its clock %s',
    async (_what, fields) => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire();
      await scene.connection.call('FLUSHALL');
      await scene.acquire();
      if (fields.length > 0) await scene.set(...fields);
      await expect(lock.release()).rejects.toThrow(ErrLockLost);
    },
  );
});
