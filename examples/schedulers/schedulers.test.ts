// The time is not waited for: each scheduler can start its jobs at once.

import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { inspect } from 'livinglock';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as croner from './croner.js';
import type { Job } from './job.js';
import { reportModule } from './nest.js';
import * as nodeCron from './node-cron.js';

/** By default, Nest ends the process if it cannot start, and with it all tests of this process, without a word. */
const OPTIONS = { logger: false, abortOnError: false } as const;

/** Schedules the job as one server does. The result starts it now. */
type Schedule = (job: Job) => Promise<() => unknown>;

const schedulers: readonly (readonly [name: string, schedule: Schedule])[] = [
  [
    'croner',
    async (job) => {
      const task = croner.scheduleReport(job);
      onTestFinished(() => task.stop());
      return () => task.trigger();
    },
  ],
  [
    'node-cron',
    async (job) => {
      const task = nodeCron.scheduleReport(job);
      onTestFinished(() => task.destroy());
      return () => task.execute();
    },
  ],
  [
    'Nest',
    async (job) => {
      const application = await NestFactory.createApplicationContext(reportModule(job), OPTIONS);
      onTestFinished(() => application.close());
      const task = application.get(SchedulerRegistry).getCronJob('report');
      return () => task.fireOnTick();
    },
  ],
];

test.each(schedulers)('a job of %s is skipped while another server runs it', async (_, schedule) => {
  const { job, skips, nextReport } = await makeJob();
  const [first, second] = [await schedule(job), await schedule(job)];
  const begun = nextReport();
  first();
  const finish = await begun;
  second();
  const reason = expect.stringMatching(/^Skipped: .+report\.lock is held by PID \d+/);
  await vi.waitFor(() => expect(skips).toEqual([reason]));
  finish();
  await vi.waitFor(async () => expect(await inspect(job.lock)).toMatchObject({ state: 'free' }));

  const begunAgain = nextReport();
  second();
  (await begunAgain)();
  await vi.waitFor(async () => expect(await inspect(job.lock)).toMatchObject({ state: 'free' }));
  expect(skips).toEqual([reason]);
});

test('Nest ends a run at shutdown, and releases its lock before the modules are gone', async () => {
  const { job } = await makeJob();
  const writing = new EventEmitter<{ begun: [] }>();
  const endless: Job = {
    ...job,
    writeReport: async (_, signal) => {
      writing.emit('begun');
      await sleep(2 ** 30, undefined, { signal });
    },
  };
  const application = await NestFactory.createApplicationContext(reportModule(endless), OPTIONS);
  const begun = once(writing, 'begun');
  const run = application.get(SchedulerRegistry).getCronJob('report').fireOnTick();
  await begun;
  expect(await inspect(job.lock)).toMatchObject({ state: 'live' });
  await application.close();
  expect(await inspect(job.lock)).toMatchObject({ state: 'free' });
  await run;
});

/** A job whose reports are finished by the test. */
async function makeJob() {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const reports = new EventEmitter<{ begun: [finish: () => void] }>();
  const skips: string[] = [];
  const job: Job = {
    lock: join(folder, 'report.lock'),
    writeReport: () => new Promise((finish) => reports.emit('begun', finish)),
    skipped: (reason) => skips.push(reason),
  };
  return {
    job,
    skips,
    /** Resolves when a report is begun, to what finishes it. */
    nextReport: async (): Promise<() => void> => {
      const [finish] = await once(reports, 'begun');
      return finish;
    },
  };
}
