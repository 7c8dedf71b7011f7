import type { Job, SchedulerName } from './job.js';

/** What differs from scheduler to scheduler. What it cannot express it refuses with a `ScheduleError`. */
export interface Installer {
  configure(job: Job): Configuration;
  /** What is to be done for the job to be scheduled like that, and only like that; nothing if it is. */
  install(job: Job): Promise<readonly Step[]>;
  /** The steps that remove the job; none if it is not scheduled. */
  uninstall(name: string): Promise<readonly Step[]>;
  /** What is scheduled by livinglock. */
  list(now: Date): Promise<readonly Scheduled[]>;
}

/** A job that a scheduler has. */
export interface Scheduled {
  readonly name: string;
  readonly scheduler: SchedulerName;
  /** `every 2m`, `at mon-fri 03:30`, or the five fields of cron. */
  readonly when: string;
  /** `null` if it is not known, or none will come. */
  readonly next: Date | null;
  /** As the scheduler has it, quoted in its way; without livinglock. */
  readonly command: string;
}

/** What follows the options of `livinglock run`. */
export function commandIn(line: string): string {
  const start = line.indexOf(' -- ');
  return start < 0 ? line : line.slice(start + 4);
}

export interface Configuration {
  /** Ready to be put in place by hand. */
  readonly text: string;
  /** What whoever puts it in place should know. */
  readonly notes: readonly string[];
}

/** One change, shown before it is made. */
export interface Step {
  readonly lines: readonly string[];
  apply(): Promise<void>;
}
