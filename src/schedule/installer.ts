import { isAbsolute } from 'node:path';
import type { Job, SchedulerName } from './scheduled-job.js';

/** What differs between schedulers. Throws a `ScheduleError` for whatever its scheduler cannot express. */
export interface Installer {
  configure(job: Job): Configuration;
  /** The steps after which the job is scheduled like this, and only like this; none if it is already. */
  install(job: Job): Promise<readonly Step[]>;
  /** The steps that remove the job; none if it is not scheduled. */
  uninstall(name: string): Promise<readonly Step[]>;
  /** The command line that starts an installed job at once; `null` if the scheduler has none. */
  startCommand(name: string): string | null;
  /** The jobs that livinglock has scheduled. */
  list(now: Date): Promise<readonly Scheduled[]>;
}

/** A job that a scheduler has. */
export interface Scheduled {
  readonly name: string;
  readonly scheduler: SchedulerName;
  /** `every 2m`, `at mon-fri 03:30`, or the five fields of cron. */
  readonly when: string;
  /** `null` if it is unknown, or there is no next run. */
  readonly next: Date | null;
  /** As the scheduler stores it, with its quoting; without livinglock. A line for the shell follows `-c`. */
  readonly command: string;
  /** The paths of Node and of livinglock in the entry; without those that are not known. */
  readonly programs: readonly string[];
}

/**
 * What `livinglock run` is to run, in the words of an entry.
 *
 * @param words As the scheduler stores them. If these are not ours, all of them are returned.
 */
export function commandIn(words: readonly string[]): string {
  const start = words.indexOf('--');
  const line = start < 0 ? words.find((word) => LINE.test(word)) : undefined;
  return line?.replace(LINE, '-c $1') ?? words.slice(start + 1).join(' ');
}

/**
 * The programs that an entry starts before the command: Node, and livinglock. None if somebody has written the entry in another way.
 *
 * @param words What the scheduler makes of its words. Empty where that is not known.
 */
export function programsIn(words: readonly string[]): readonly string[] {
  const script = words.findIndex((word) => /[\\/]livinglock\.js$/.test(word));
  return words.slice(Math.max(0, script - 1), script + 1).filter((word) => isAbsolute(word));
}

/** Quotes, if there are any, begin before the name of the option. */
const LINE = /^(['"]?)--command=/;

export interface Configuration {
  /** Ready to be installed by hand. */
  readonly text: string;
  /** What to know before installing it by hand. */
  readonly notes: readonly string[];
}

/** One change, shown before it is made. */
export interface Step {
  readonly lines: readonly string[];
  apply(): Promise<void>;
}
