import { setTimeout as sleep } from 'node:timers/promises';
import type { History, RunReport } from '../../history/index.js';
import { ErrLockStore, type Lock, type Predecessor, type Progress, systemClock } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { chosenFolderNow } from '../history/is-recorded.js';
import type { Announcer, Audience } from '../notify/announcer.js';
import type { Facts, Moment } from '../notify/event.js';
import type { Locks } from '../stores/locks.js';
import { say } from '../terminal/messages.js';
import type { RunEnd } from './exit-status.js';
import type { RunSettings } from './options/run-options.js';
import type { KeptOutput } from './output/kept/kept-output.js';
import type { Signals } from './processes/pass-signals.js';

/** How long, in milliseconds, a database may take to tell the progress. The release waits for it. */
const READ_TIMEOUT = 1000;
/** How long, in milliseconds, the start of the command, or the end of the run, may be held up by others that write to the same journal. */
const WRITE_TIMEOUT = 200;

/** What is recorded about. */
export interface RecordedRun {
  /** The lock's canonical name. */
  readonly name: string;
  /** No store: it could not be opened. */
  readonly locks: Pick<Locks, 'database'> & { readonly store: Locks['store'] | null };
  /** The command as people see it. */
  readonly command: string;
  readonly options: RunSettings;
  /** Whether the run is part of the history. */
  readonly isRecorded: boolean;
  /** Descriptors that this process was given, for the command. */
  readonly descriptors: readonly number[];
}

/** Whether anybody is told about a run. */
export function hasAudience({ notify, ping }: RunSettings): boolean {
  return notify !== undefined || ping !== undefined;
}

/**
 * Writes the history of a run: before its command starts, and after the lock is released, but never in between, where a slow disk would hold up
 * heartbeats and signals. Announces the run, too. If something goes wrong, one message says what is missing; the run goes on.
 */
export class Recorder {
  readonly #run: RecordedRun;
  readonly #hasAudience: boolean;
  #announcer: Promise<Announcer | null> | null = null;
  #lock: Lock | null = null;
  #runStart = now();
  /** The same for the current attempt, which the history records. */
  #attemptStart = this.#runStart;
  /** `null` while its command is at work. The release may wait for a database. */
  #attemptEnd: Time | null = null;
  #progress: Progress | null = null;
  /** The latest read of the progress. */
  #reading = Promise.resolve();
  #output: KeptOutput | null = null;
  #attempt = 1;
  #hasFailed = false;
  /** `undefined`: the usual one. */
  readonly #folder: string | undefined;

  constructor(run: RecordedRun) {
    this.#run = run;
    this.#hasAudience = hasAudience(run.options);
    this.#folder = run.isRecorded ? chosenFolderNow() : undefined;
  }

  /** The run begins, with this lock or without one. */
  begin(lock: Lock | null): void {
    this.#lock = lock;
    const start = now();
    this.#runStart = { ...start, at: lock?.acquiredAt ?? start.at };
    this.#attemptStart = this.#runStart;
  }

  /** @param output `null` if none of it is kept. */
  keepsOutput(output: KeptOutput | null): void {
    this.#output = output;
  }

  /** Whether {@link recordPredecessor} has anything to write. */
  get knowsPredecessor(): boolean {
    return this.#run.isRecorded && this.#predecessor !== null;
  }

  /** Not later: if this run is killed, too, nobody else knows whom it has taken over from. */
  recordPredecessor(): Promise<void> {
    const { name, locks } = this.#run;
    const predecessor = this.#predecessor;
    return this.#write(
      (history) => history.recordPredecessor(name, predecessor, locks.database),
      'The run before this one',
    );
  }

  /** The command has failed, and will be run again: nobody is told. */
  async attempted(end: RunEnd, exitCode: number): Promise<void> {
    await this.beforeRelease();
    await this.#record(end, exitCode);
  }

  /** The next attempt begins, under the same lock. */
  beginAgain(): void {
    this.#attempt++;
    this.#attemptStart = now();
    this.#attemptEnd = null;
    this.#progress = null;
  }

  /** The command is at work, so there is time to load the code that writes later. */
  started(): void {
    if (this.#attempt > 1) return;
    this.#announce('start');
    void this.load();
  }

  /** Loads the code that writes later. Should that fail, it fails again when something is written. */
  async load(): Promise<void> {
    const { isRecorded } = this.#run;
    await Promise.allSettled([isRecorded && loaded(), this.#hasAudience && loadedAnnouncer()]);
  }

  /**
   * Returns how far the command had got.
   *
   * @param reason What the command has not done, and for how long.
   */
  async stalled(reason: string): Promise<Progress | null> {
    await this.#readProgress();
    this.#announce('stall', { reason });
    return this.#progress;
  }

  lost(reason: string): void {
    // After a stall that is still being announced.
    void this.#reading.then(() => this.#announce('lost', { reason }));
  }

  /** The command has ended. */
  async beforeRelease(): Promise<void> {
    this.#attemptEnd = now();
    if (this.#run.isRecorded || this.#hasAudience) await this.#readProgress();
  }

  /** Reads how far the command has come: `livinglock beat` writes that into the lock, not through this process. Reads never overlap. */
  #readProgress(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readProgressNow());
    return this.#reading;
  }

  async #readProgressNow(): Promise<void> {
    const lock = this.#lock;
    const { locks, name } = this.#run;
    if (lock === null || locks.store === null) return;
    try {
      const stored = await Promise.race([locks.store.read(name), sleep(READ_TIMEOUT, null, { ref: false })]);
      if (stored?.record?.token === lock.token) this.#progress = stored.record.progress;
    } catch {
      // The release says what is wrong with the store.
    }
  }

  /** Somebody else holds the lock. */
  skipped(reason: string, exitCode: number): Promise<void> {
    this.#announce('skip', { exitCode, reason });
    const { name, locks } = this.#run;
    return this.#write((history) => history.recordSkip(name, locks.database));
  }

  /** @param exitCode That of the runner. */
  async ended(end: RunEnd, exitCode: number): Promise<void> {
    const report = await this.#record(end, exitCode);
    // What is announced can be looked up in the history.
    this.#announce('end', report);
  }

  /** The run has failed with this error. Unless it has begun, the command has not run. */
  async failed(error: unknown, end: RunEnd): Promise<void> {
    const exitCode = error instanceof CliError ? error.exitCode : ExitCode.store;
    // The message may repeat the command.
    const reason = this.#run.options.label === undefined ? { reason: messageOf(error) } : {};
    const ending = { ...end, ...reason };
    const isFile = this.#run.options.store === undefined;
    const isRefused = isFile && end.outcome === 'not-started' && isNoPlaceForALock(error);
    if (!isRefused) return this.ended(ending, exitCode);
    this.#announce('end', { ...ending, exitCode });
  }

  /** Resolves when everybody has been told. Must be called when the lock is free. A signal from now on ends it at once. */
  async announced(signals: Signals): Promise<void> {
    await this.#reading;
    const announcer = await this.#announcer;
    if (!announcer) return;
    signals.passTo(() => announcer.abandon());
    await announcer.done();
  }

  async #record(end: RunEnd, exitCode: number): Promise<RunReport> {
    const { outcome, signal, reason = null } = end;
    const endedAt = (this.#attemptEnd ?? now()).at;
    const report = { ...this.#facts, endedAt, outcome, signal, reason, exitCode };
    await this.#write((history) => history.record(report));
    return report;
  }

  /** Whom the first attempt has taken the lock over from. */
  get #predecessor(): Predecessor | null {
    return this.#attempt === 1 ? (this.#lock?.predecessor ?? null) : null;
  }

  /** @param state What is known by now of how the run ends. */
  #announce(moment: Moment, state: Partial<Facts> = {}): void {
    if (!this.#hasAudience) return;
    const { options, descriptors } = this.#run;
    this.#announcer ??= loadAnnouncer({ ...options, descriptors });
    const output = this.#output?.readTail() ?? null;
    // Of all attempts together, unlike in the history.
    const before = this.#attemptStart.monotonic - this.#runStart.monotonic;
    const facts = { ...this.#facts, ...state };
    const ofRun = { ...facts, startedAt: this.#runStart.at, duration: (facts.duration ?? 0) + before };
    void this.#announcer.then((announcer) => announcer?.tell(moment, ofRun, output));
  }

  /** As long as it has not ended. */
  get #facts() {
    const { name, locks, command, options } = this.#run;
    const lock = this.#lock;
    return {
      id: lock?.token ?? null,
      lock: name,
      store: locks.database,
      startedAt: this.#attemptStart.at,
      duration: (this.#attemptEnd ?? now()).monotonic - this.#attemptStart.monotonic,
      command,
      owner: options.owner ?? null,
      fencingToken: lock?.fencingToken ?? null,
      progress: this.#progress,
      predecessor: this.#predecessor,
      attempt: options.retry > 0 ? this.#attempt : null,
      output: this.#output?.path ?? null,
      outcome: null,
      signal: null,
      exitCode: null,
      reason: null,
    } satisfies Facts;
  }

  async #write(action: (history: History) => Promise<void>, what = 'This run'): Promise<void> {
    if (!this.#run.isRecorded) return;
    try {
      const { openHistory } = await loaded();
      // Whoever was in the way before may be frozen.
      await action(openHistory({ folder: this.#folder, writeTimeout: this.#hasFailed ? 0 : WRITE_TIMEOUT }));
    } catch (error) {
      this.#complain(what, error);
    }
  }

  #complain(what: string, error: unknown): void {
    if (!this.#hasFailed && !this.#isSilent()) {
      const reason = messageOf(error).replace(/\.?$/, '.');
      say(`${what} is missing from the history: ${reason} --no-history turns it off.`);
    }
    this.#hasFailed = true;
  }

  /** With --quiet, a history that nobody has asked for is nothing to talk about. */
  #isSilent(): boolean {
    const { quiet, history } = this.#run.options;
    return quiet && history === 'default' && !process.env['LIVINGLOCK_HISTORY'];
  }
}

interface Time {
  readonly at: Date;
  readonly monotonic: number;
}

function now(): Time {
  return { at: new Date(), monotonic: systemClock.monotonic() };
}

/** Nothing can be a lock at such a path. In the history, it would make `status` and `metrics` fail from then on. */
export function isNoPlaceForALock(error: unknown): boolean {
  return error instanceof ErrLockStore && ['EISDIR', 'ENAMETOOLONG', 'ENOTDIR'].includes(error.code);
}

/** Not the index, which is one more file to find. */
const loaded = () => import('../../history/history.js');
const loadedAnnouncer = () => import('../notify/announcer.js');

/** Loaded only once there is somebody to tell. That may fail: during a long run, the package may be replaced by another version. */
async function loadAnnouncer(audience: Audience): Promise<Announcer | null> {
  try {
    const { Announcer } = await loadedAnnouncer();
    return new Announcer(audience);
  } catch (error) {
    say(`No notifications can be sent: ${messageOf(error)}`);
    return null;
  }
}
