import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { acquire } from 'livinglock';
import { redisStore } from 'livinglock/redis';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { ioRedis } from '../support/redis/redis-drivers.js';
import { connect } from '../support/redis/redis-scene.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/redis-job.js', import.meta.url));

function run(url: string) {
  return spawnSync(process.execPath, [PROGRAM, url], { encoding: 'utf8' });
}

describeWithRedis('the job with its lock in Redis', (server) => {
  it('exits with 75 while another run holds the lock, and runs once it is free', async () => {
    const { client } = await connect(server().url, ioRedis);
    const lock = await acquire('monthly-invoices', { store: redisStore(client) });
    expect(run(server().url)).toMatchObject({
      status: 75,
      stdout: expect.stringMatching(/^monthly-invoices is held by PID .+\n$/),
      stderr: '',
    });
    await lock.release();
    expect(run(server().url)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\ndone\n$/),
      stderr: '',
    });
  });
});
