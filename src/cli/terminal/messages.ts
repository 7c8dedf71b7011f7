import { fstatSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { oneLine } from '../../core/describe-holder.js';
import { attempt } from '../../system/attempt.js';
import { ExitCode } from '../errors/exit-codes.js';
import { formatTimestamp } from './local-time.js';
import { takesThread, writeOut } from './write-all.js';

/** The job that a run executes. */
export interface Subject {
  /** Its name for people: its label, or the lock as it was named on the command line. */
  readonly job: string;
  /** The name that texts use if they name the job themselves; `null` if they do not, or use another name. */
  readonly lock: string | null;
}

let subject: Subject | null = null;

/** From now on {@link say} names the job and, if stderr is not a terminal (it may be the log of many jobs), the time. */
export function speakOf(job: Subject): void {
  subject = job;
}

let around = (write: () => void) => write();

let last: Promise<void> = Promise.resolve();

/**
 * Prints a message on stderr, always as one line. To a file it is written at once. Otherwise it is written later, one line after
 * the other: the reader of a pipe may never read, and the work of a runner must not wait for that.
 */
export function say(text: string): void {
  const time = subject === null || isatty(2) ? '' : `${formatTimestamp(new Date())} `;
  writeToStderr(Buffer.from(`${time}livinglock: ${oneLine(about(subject, text))}\n`));
}

/** Writes to stderr as {@link say} does, in the same order. */
export function writeToStderr(text: Buffer): void {
  try {
    if (fstatSync(2).isFile()) around(() => writeSync(2, text));
    else last = last.then(() => writeOut(2, text)).catch(() => {});
  } catch {
    // Nobody reads stderr. The command must still be supervised.
  }
}

/** Whether {@link say} takes one of libuv's threads. */
export function sayTakesThread(): boolean {
  return attempt(() => !fstatSync(2).isFile() && takesThread(2), false);
}

/** How long, in milliseconds, to wait for messages to be written. A reader that hangs must not hold anything up. */
const TIMEOUT = 1000;

/** Resolves when all messages are written, but at the latest after a second, or when that is aborted. */
export async function said(signal?: AbortSignal): Promise<void> {
  await Promise.race([last, sleep(TIMEOUT, undefined, { ref: false, signal })]).catch(() => {});
}

/** Puts the job in front, unless the text names it already. */
export function about(of: Subject | null, text: string): string {
  // A job without a name is what the text is about.
  if (of === null || of.job === '') return text;
  const { job, lock } = of;
  // A lock in a database has no path, and its name may be any word of the text.
  const isNamed = lock !== null && (lock.includes('/') ? text.includes(lock) : text.startsWith(`${lock} `));
  return isNamed ? text : `${job}: ${text}`;
}

/** Calls this function to write each message, so that messages can be told apart from other output in the same file. */
export function aroundMessages(write: typeof around): void {
  around = write;
}

/** Writes lines to stdout. */
export function print(text: string): Promise<void> {
  return write(`${text}\n`);
}

let exitCodeIfUnread = 0;

/** Prints a result, unless it is empty. Returns its exit code, with which the program also ends if nobody reads it. */
export async function answer(exitCode: number, text: string): Promise<number> {
  exitCodeIfUnread = exitCode;
  if (text !== '') await print(text);
  return exitCode;
}

/** Writes to stdout. Resolves when it is written, which for a pipe on Windows happens later. */
export function write(text: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    stdout().write(text, () => resolve());
  });
}

/** The standard output. If it cannot be written, the program ends, with `process.exitCode` if that is set. */
export function stdout(): typeof process.stdout {
  const stream = process.stdout;
  if (!stream.listeners('error').includes(giveUp)) stream.on('error', giveUp);
  return stream;
}

function giveUp(error: NodeJS.ErrnoException): void {
  // The reader may have seen enough: `livinglock status | head -1`.
  if (error.code === 'EPIPE') process.exit(exitCodeIfUnread);
  say(`Cannot write to standard output: ${error.message}`);
  void said().then(() => process.exit(process.exitCode ?? ExitCode.output));
}
