// A report that Nest starts every night, on several servers: one writes it, the others skip it. A server that is told to stop ends it first.

import { type DynamicModule, Module, type OnModuleDestroy } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { LivingLockError, tryWithLock } from 'livinglock';
import type { Job } from './job.js';

class ReportJob implements OnModuleDestroy {
  readonly #job: Job;
  readonly #shutdown = new AbortController();
  readonly #runs = new Set<Promise<void>>();

  constructor(job: Job) {
    this.#job = job;
  }

  @Cron('0 3 * * *', { name: 'report' })
  async run(): Promise<void> {
    const run = this.#attempt();
    this.#runs.add(run);
    await run.finally(() => this.#runs.delete(run));
  }

  /** Nest calls this at SIGTERM if the application has called `enableShutdownHooks()`. The lock is released before the process ends. */
  async onModuleDestroy(): Promise<void> {
    this.#shutdown.abort();
    await Promise.allSettled(this.#runs);
  }

  async #attempt(): Promise<void> {
    const { lock, writeReport, skipped } = this.#job;
    const { signal } = this.#shutdown;
    try {
      const { ran, busy } = await tryWithLock(lock, { staleTimeout: '30m' }, (held) =>
        writeReport(held, AbortSignal.any([held.signal, signal])),
      );
      if (!ran) skipped(`Skipped: ${busy.message}`);
    } catch (error) {
      // Ended on request: not a failure.
      if (!signal.aborted || error instanceof LivingLockError) throw error;
    }
  }
}

@Module({ imports: [ScheduleModule.forRoot()] })
class ReportModule {}

/** Goes into the `imports` of the application's module. */
export function reportModule(job: Job): DynamicModule {
  return { module: ReportModule, providers: [{ provide: ReportJob, useValue: new ReportJob(job) }] };
}
