import type { Secret } from './secrets/secret.js';
import { InvalidTiming } from './timing/invalid-timing.js';
import type { Times } from './timing/times.js';

export const SCHEDULERS = ['cron', 'systemd', 'launchd', 'task-scheduler'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** When a job is to run. */
export type Timing =
  | { readonly kind: 'every'; readonly seconds: number }
  /** In local time, with the text in which it was given. */
  | { readonly kind: 'at'; readonly times: Times; readonly words: string };

/** What every scheduler needs to know. */
export interface Job {
  readonly name: string;
  readonly timing: Timing;
  /** Program and arguments, beginning with Node's own path. */
  readonly command: readonly string[];
  /** The folder in which it runs. */
  readonly directory: string;
  /** The folder of its lock, which must be writable; `null` if the lock is in a database. */
  readonly lockFolder: string | null;
  /** Must not appear in a configuration. */
  readonly secrets: readonly Secret[];
  /** Whether systemd options restrict what the job can do. */
  readonly isHardened: boolean;
  /** Its exit code if the lock is held, which is not a failure. */
  readonly conflictExitCode: number;
}

/** Exact and short: `every 90m`, `at mon-fri 03:30`. */
export function describeTiming(timing: Timing): string {
  return timing.kind === 'at' ? `at ${timing.words}` : `every ${describeSeconds(timing.seconds)}`;
}

export function describeSeconds(seconds: number): string {
  if (seconds % DAY === 0) return `${seconds / DAY}d`;
  if (seconds % HOUR === 0) return `${seconds / HOUR}h`;
  if (seconds % MINUTE === 0) return `${seconds / MINUTE}m`;
  return `${seconds}s`;
}

/** Parses a text of `describeSeconds`. Throws an {@link InvalidTiming} for any other text. */
export function parseSeconds(text: string): number {
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (number === undefined)
    throw new InvalidTiming(`${text} is not a number of seconds, minutes, hours or days.`);
  return Number(number) * (SECONDS.get(unit) ?? 1);
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** In seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
]);
