import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { describeWithRedis } from '../../support/redis/describe-with-redis.js';
import { startWorker } from './bullmq.js';

describeWithRedis('a job of BullMQ', (server) => {
  /** Closed after the test, after all that was made later. */
  function connect(): Redis {
    const connection = new Redis(server().url, { maxRetriesPerRequest: null });
    onTestFinished(() => connection.disconnect());
    return connection;
  }

  test('is skipped while another worker runs one of its kind', async () => {
    const connection = connect();
    const queue = new Queue('reports', { connection });
    const events = new QueueEvents('reports', { connection: connect() });
    await events.waitUntilReady();
    let finish = () => {};
    const begun = new Promise<void>((tell) => {
      const writeReport = () =>
        new Promise<void>((resolve) => {
          finish = resolve;
          tell();
        });
      for (const worker of [1, 2].map(() => startWorker(connect(), { lock: 'report', writeReport }))) {
        onTestFinished(() => worker.close());
      }
    });
    onTestFinished(async () => {
      await events.close();
      await queue.close();
    });

    const first = await queue.add('report', {});
    await begun;
    const second = await queue.add('report', {});
    expect(await second.waitUntilFinished(events)).toMatch(/^skipped: report is held by PID \d+/);
    finish();
    expect(await first.waitUntilFinished(events)).toBe('done');
  });
});
