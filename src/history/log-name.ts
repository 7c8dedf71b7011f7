import type { JournalOwner } from './journal-line.js';
import { nameOf } from './journal-name.js';

const EXTENSION = '.log';
/** How much of the run's token is in the name of its log. All of it would let others send heartbeats in its place. */
const SHOWN = 8;

/** A run, as the name of its log tells it from all others. */
export interface LoggedRun {
  readonly startedAt: Date;
  /** The beginning of its token. */
  readonly id: string;
}

/** The name of the log of a run: names of one lock are in the order in which its runs started. */
export function logName(owner: JournalOwner, startedAt: Date, token: string): string {
  return `${nameOf(owner)}-${inName(startedAt)}-${idOf(token)}${EXTENSION}`;
}

function inName(time: Date): string {
  return time.toISOString().replaceAll(/[-:.]/g, '');
}

function isValid(time: Date): boolean {
  return !Number.isNaN(time.getTime());
}

export function idOf(token: string): string {
  return token.replaceAll(/[^\w]/g, '').slice(0, SHOWN);
}

/** `null` for a file that is not the log of a run under that lock. */
export function runOfLog(owner: JournalOwner, name: string): LoggedRun | null {
  const prefix = `${nameOf(owner)}-`;
  if (!name.startsWith(prefix)) return null;
  const [, time, id] = /^(\d{8}T\d{9}Z)-(\w{1,8})\.log$/.exec(name.slice(prefix.length)) ?? [];
  if (time === undefined || id === undefined) return null;
  const startedAt = new Date(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)/, '$1-$2-$3:$4:$5.'));
  return isValid(startedAt) && inName(startedAt) === time ? { startedAt, id } : null;
}
