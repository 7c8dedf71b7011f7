import type { Job } from './job.js';

/** What differs from scheduler to scheduler. What it cannot express it refuses with a `CliError`. */
export interface Installer {
  configure(job: Job): Configuration;
  /** What is to be done for the job to be scheduled like that, and only like that; nothing if it is. */
  install(job: Job): Promise<readonly Step[]>;
  /** What is to be done for no such job to be scheduled; nothing if there is none. */
  uninstall(name: string): Promise<readonly Step[]>;
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
