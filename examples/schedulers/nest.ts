// A report that Nest starts every night, on several servers: one writes it, the others skip it.

import { type DynamicModule, Module } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { tryWithLock } from 'livinglock';
import type { Job } from './job.js';

class ReportJob {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  @Cron('0 3 * * *', { name: 'report' })
  async run(): Promise<void> {
    const { lock, writeReport, skipped } = this.#job;
    const { ran, busy } = await tryWithLock(lock, { staleTimeout: '30m' }, writeReport);
    if (!ran) skipped(`Skipped: ${busy.message}`);
  }
}

@Module({ imports: [ScheduleModule.forRoot()] })
class ReportModule {}

/** Goes into the `imports` of the application's module. */
export function reportModule(job: Job): DynamicModule {
  return { module: ReportModule, providers: [{ provide: ReportJob, useValue: new ReportJob(job) }] };
}
