import { close, closeSync, constants, fstatSync, lstatSync, openSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { logsFolder } from '../../../../history/folder.js';
import type { JournalOwner } from '../../../../history/journal-line.js';
import { type FoundLog, logName } from '../../../../history/logs.js';
import { makeFolders } from '../../../../system/files/make-folders.js';
import { makeTrustedFolder, type TrustedFolder } from '../../../../system/files/trusted-folder.js';
import { messageOf } from '../../../../system/message-of.js';
import { giveUpWriting } from '../../../terminal/exit-despite-hung-write.js';
import { say } from '../../../terminal/messages.js';
import { writeAll } from '../../../terminal/write-all.js';
import type { LogOptions } from '../../options/output-options.js';
import { BoundedLog } from './bounded-log.js';
import { oldLogs, removeLogs } from './prune-logs.js';
import { fileFrom } from './whole-file.js';

const closeFile = promisify(close);

/** Others may not even read it: the output may contain what only this user may see. */
const MODE = 0o600;
const { O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** The run whose output is kept. */
export interface RunOfLog {
  readonly owner: JournalOwner;
  readonly startedAt: Date;
  readonly token: string;
  /** Whether it runs beside the holder of the lock (`--force`), whose log must remain. */
  readonly isBeside: boolean;
}

/** The log of one run. If something goes wrong, one message says what is missing; the run goes on. */
export class RunLog {
  readonly path: string;
  readonly #descriptor: number;
  readonly #write: (chunk: Buffer) => Promise<void>;
  readonly #prune: () => Promise<void>;
  #last: Promise<void> = Promise.resolve();
  #isOver = false;
  #isAbandoned = false;

  private constructor(
    path: string,
    descriptor: number,
    write: (chunk: Buffer) => Promise<void>,
    prune = async () => {},
  ) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#write = write;
    this.#prune = prune;
  }

  /** Throws the system's error, or an `Error` that says why the folder cannot be trusted. */
  static open(options: LogOptions, run: RunOfLog): RunLog {
    const { path, keep, size } = options;
    const { owner, startedAt, token, isBeside } = run;
    if (path !== null && !isFolder(path)) {
      const file = resolve(path);
      if (file === owner.lock) throw new Error(`${file} is the lock`);
      return RunLog.#append(file);
    }
    const folder = folderOf(path);
    makeTrustedFolder(folder);
    const file = join(folder.path, logName(owner, startedAt, token));
    const descriptor = openSync(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
    const log = new BoundedLog(fileFrom(0, descriptor), size);
    return new RunLog(
      file,
      descriptor,
      (chunk) => log.write(chunk),
      isBeside ? undefined : pruningIn(() => oldLogs(folder.path, owner, keep, basename(file))),
    );
  }

  static #append(path: string): RunLog {
    makeFolders(dirname(path), 0o700);
    // Before it is opened: opening some devices does something.
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isFile() === false) throw new Error(`${path} is not a regular file`);
    const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
    if (!fstatSync(descriptor).isFile()) {
      closeSync(descriptor);
      throw new Error(`${path} is not a regular file`);
    }
    return new RunLog(path, descriptor, (chunk) => writeAll(descriptor, chunk));
  }

  /** Adds output, after what was added before. Never rejects. */
  write(chunk: Buffer): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#isOver) return;
      try {
        await this.#write(chunk);
      } catch (error) {
        this.#isOver = true;
        say(`The log of this run is incomplete: ${messageOf(error)} (${this.path}).`);
      }
    });
    return this.#last;
  }

  /** Resolves when all that was added is in the file. */
  get written(): Promise<void> {
    return this.#last;
  }

  /** Adds nothing more: a write does not end. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isAbandoned = true;
    giveUpWriting();
    say(`The log of this run is incomplete: it could not be written in time (${this.path}).`);
  }

  /**
   * Must be called at the end, without the lock, as a slow disk may take long: nothing that comes later is added. Removes the logs of the oldest runs.
   */
  async close(): Promise<void> {
    if (!this.#isAbandoned) await this.#closeFile();
    try {
      await this.#prune();
    } catch (error) {
      say(`Old logs were not removed: ${messageOf(error)}.`);
    }
  }

  async #closeFile(): Promise<void> {
    await this.written;
    // Or a daemon's output could end up in another file that is given the same descriptor.
    this.#isOver = true;
    try {
      await closeFile(this.#descriptor);
    } catch (error) {
      say(`The log of this run may be incomplete: ${messageOf(error)} (${this.path}).`);
    }
  }
}

/** Looks at once, and removes later. */
function pruningIn(look: () => readonly FoundLog[]): () => Promise<void> {
  try {
    const logs = look();
    return () => removeLogs(logs);
  } catch (error) {
    return () => Promise.reject(error);
  }
}

/** @param path As on the command line; `null` for the folder beside the history. */
export function folderOf(path: string | null): TrustedFolder {
  return path === null ? logsFolder() : { path: resolve(path), steps: [] };
}

/** Whether a path of `--log` means a folder: one that is there, or that is written as one. */
export function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
