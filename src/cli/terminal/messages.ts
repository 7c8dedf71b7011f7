import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { oneLine } from '../../core/describe.js';
import { ExitCode } from '../errors/exit-codes.js';
import { formatTimestamp } from './local-time.js';
import { writeAll } from './write-all.js';

/** The job that a run is for. */
export interface Subject {
  /** What people call it: its label, or the lock as it was named on the command line. */
  readonly job: string;
  /** What it is called in texts that name it themselves; `null` where they do not, or use another name. */
  readonly lock: string | null;
}

let subject: Subject | null = null;

/** From now on {@link say} names the job and, where stderr is not a terminal but perhaps the log of many jobs, the time. */
export function speakOf(job: Subject): void {
  subject = job;
}

let around = (write: () => void) => write();

let last: Promise<void> = Promise.resolve();

/**
 * Says something on stderr, in one line however many the text has. At once to a file. Elsewhere it is written later, one line after the
 * other: the reader of a pipe may never read, and what a runner has to do must not wait for that.
 */
export function say(text: string): void {
  try {
    const time = subject === null || isatty(2) ? '' : `${formatTimestamp(new Date())} `;
    const line = `${time}livinglock: ${oneLine(about(subject, text))}\n`;
    if (fstatSync(2).isFile()) around(() => writeSync(2, line));
    else last = last.then(() => writeAll(2, Buffer.from(line))).catch(() => {});
  } catch {
    // Nobody listens. The command must still be supervised.
  }
}

/** Resolves when all that was said is written. */
export function said(): Promise<void> {
  return last;
}

/** With the job in front, unless the text names it already. */
export function about(of: Subject | null, text: string): string {
  if (of === null) return text;
  const { job, lock } = of;
  // In a database a lock has no path, and its name may be any word of the text.
  const isNamed = lock !== null && (lock.includes('/') ? text.includes(lock) : text.startsWith(`${lock} `));
  return isNamed ? text : `${job}: ${text}`;
}

/** Calls this function to write each message, so that it can be told from what others write to the same file. */
export function aroundMessages(write: typeof around): void {
  around = write;
}

/** Writes lines to stdout. */
export function print(text: string): Promise<void> {
  return write(`${text}\n`);
}

/** Writes to stdout; resolves when it is written, which on Windows is later when it is a pipe. */
export function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    stdout().write(text, () => resolve());
  });
}

/** The standard output. If nothing can be written to it, the program ends. */
export function stdout(): typeof process.stdout {
  const stream = process.stdout;
  if (!stream.listeners('error').includes(giveUp)) stream.on('error', giveUp);
  return stream;
}

function giveUp(error: NodeJS.ErrnoException): void {
  // Whoever reads may have seen enough: `livinglock status | head -1`.
  if (error.code === 'EPIPE') process.exit();
  say(`Cannot write to the standard output: ${error.message}`);
  void said().then(() => process.exit(ExitCode.output));
}
