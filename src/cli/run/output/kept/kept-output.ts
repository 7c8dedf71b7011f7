import { systemClock } from '../../../../index.js';
import { makeTrustedFolder } from '../../../../system/files/trusted-folder.js';
import { messageOf } from '../../../../system/message-of.js';
import { ExitCode } from '../../../errors/exit-codes.js';
import { MOST_BODY } from '../../../notify/notify-options.js';
import { describeRun } from '../../../terminal/describe-outcome.js';
import { giveUpWriting } from '../../../terminal/exit-despite-hung-write.js';
import { said, say } from '../../../terminal/messages.js';
import { writeOut } from '../../../terminal/write-all.js';
import type { RunEnd } from '../../exit-status.js';
import { type LogOptions, SMALLEST_LOG } from '../../options/output-options.js';
import type { RunSettings } from '../../options/run-options.js';
import { modeFor, type OutputMode, type ReadOutput } from '../output-route.js';
import type { Outlet } from '../pass-output.js';
import { lineOfOurs } from './bounded-log.js';
import { HeldOutput, Spool } from './held-output.js';
import { OutputTail } from './output-tail.js';
import { folderOf, isFolder, RunLog, type RunOfLog } from './run-log.js';

const STDERR = 2;
/** Bytes. Hardly anyone reads more, but the disk has to hold it. */
const MOST_HELD = 100 * 1024 * 1024;

/** The output of a run that is kept in a log, held back, or thrown away. */
export class KeptOutput {
  readonly mode: OutputMode;
  readonly #options: RunSettings;
  readonly #log: RunLog | null;
  /** What is held back, and what is said between two attempts. */
  readonly #held: (HeldOutput | string)[] = [];
  /** For output that is to be held back; for all attempts the same, or they would need more descriptors than there are. */
  readonly #spools: Spool[] = [];
  /** How many of them this attempt uses. */
  #taken = 0;
  #spoolFailure: unknown = null;
  #attempt = 1;
  /** What a ping is sent with. */
  readonly #tail: OutputTail | null;
  readonly #startedAt = systemClock.monotonic();

  constructor(options: RunSettings, run: RunOfLog) {
    this.#options = options;
    this.#log = options.output.log && openLog(options.output.log, run);
    this.mode = modeFor(options, this.#log !== null);
    const isKept = this.#log !== null || options.output.passOn === 'on-failure';
    // One byte more, which shows whether something is missing before the end.
    this.#tail = options.ping !== undefined && isKept ? new OutputTail(MOST_BODY + 1) : null;
  }

  /** The file with the output; `null` if none is kept. */
  get path(): string | null {
    return this.#log?.path ?? null;
  }

  /** The end of the output; `null` if nobody needs it, or nothing was kept. */
  readTail(): Buffer | null {
    const tail = this.#tail?.read();
    return tail !== undefined && tail.length > 0 ? tail : null;
  }

  /**
   * Opens the files in which output is held back. Must be called before each attempt, and before the lock is confirmed: a slow disk holds this process up.
   *
   * @param count How many outputs the command has.
   */
  prepare(count: number): void {
    if (this.#options.output.passOn !== 'on-failure') return;
    this.#taken = 0;
    try {
      while (this.#spools.length < count) this.#spools.push(new Spool(this.#spoolFolder()));
    } catch (error) {
      this.#spoolFailure = error;
    }
  }

  /** Where the runner has to put what it reads. */
  outletFor(output: ReadOutput): Outlet {
    const passOn = this.#passOn(output);
    // At once: a reader that is slow does not hold up the log.
    return async (chunk) => {
      this.#tail?.write(chunk);
      const logged = this.#log?.write(chunk);
      try {
        await passOn(chunk);
      } finally {
        await logged;
      }
    };
  }

  /** The command has ended, and will be run again. */
  attempted(status: number): void {
    const end = `${this.#attempt++} ended with exit status ${status}`;
    const line = lineOfOurs(`attempt ${end}`);
    void this.#log?.write(line);
    this.#tail?.write(line);
    this.#held.push(`Attempt ${end}.`);
  }

  /** Resolves when the log has everything that has been read, or when that is aborted. */
  async written(waiting: AbortSignal): Promise<void> {
    if (this.#log !== null && !(await isDone(this.#log.written, waiting))) this.#log.abandon();
  }

  /**
   * The last attempt has ended, and nothing more is coming. Shows what was held back, and closes the log. To be called without the lock: a reader or
   * a disk may be slow.
   *
   * @param command For people.
   * @param status The exit status of the run; `null` if something went wrong in the runner.
   */
  async complete(waiting: AbortSignal, command: string, end: RunEnd, status: number | null): Promise<void> {
    const work = Promise.all([this.#show(command, end, status), this.#log?.close()]);
    if (await isDone(work, waiting)) return;
    giveUpWriting();
    say('The rest of its output is lost: it could not be written in time.');
  }

  /**
   * Passes on what was held back, under a line that says how the run has ended, unless it was a success.
   */
  async #show(command: string, end: RunEnd, status: number | null): Promise<void> {
    const isFailure = status !== ExitCode.ok && (end.outcome !== 'not-started' || this.#attempt > 1);
    if (this.#options.output.passOn !== 'on-failure' || !isFailure) return;
    const duration = systemClock.monotonic() - this.#startedAt;
    const run = { ...end, exitCode: status, duration, attempt: this.#attempt };
    say(`${command} ${describeRun(run)}. ${this.#describeHeld()}`);
    let isLineOpen = false;
    for (const held of this.#held) {
      if (typeof held === 'string') {
        if (isLineOpen) await writeOut(STDERR, Buffer.from('\n')).catch(() => {});
        say(held);
        isLineOpen = false;
      } else {
        await said();
        await held.release();
        isLineOpen ||= held.isLineOpen;
      }
    }
  }

  #describeHeld(): string {
    const states = this.#held.map((held) => (typeof held === 'string' ? 'empty' : held.state));
    if (states.includes('held')) return 'Its output:';
    return states.includes('passed on') ? 'Its output is above.' : 'It has written nothing.';
  }

  #passOn(output: ReadOutput): Outlet {
    switch (this.#options.output.passOn) {
      case 'always':
        return (chunk) => writeOut(output.descriptor, chunk);
      case 'never':
        return async () => {};
      case 'on-failure': {
        const held = new HeldOutput(output, () => this.#takeSpool(), mostHeld(this.#options));
        this.#held.push(held);
        return (chunk) => held.write(chunk);
      }
    }
  }

  /** Throws the error with which it could not be opened. */
  #takeSpool(): Spool {
    const spool = this.#spools[this.#taken++];
    if (spool === undefined) throw this.#spoolFailure;
    return spool;
  }

  /** Where its log would be. */
  #spoolFolder(): string {
    const path = this.#options.output.log?.path ?? null;
    const folder = folderOf(path !== null && isFolder(path) ? path : null);
    makeTrustedFolder(folder);
    return folder.path;
  }
}

/** By one attempt. */
function mostHeld({ output: { mostHeld = MOST_HELD }, retry }: RunSettings): number {
  return Math.max(SMALLEST_LOG, Math.floor(mostHeld / (retry + 1)));
}

function openLog(options: LogOptions, run: RunOfLog): RunLog | null {
  try {
    return RunLog.open(options, run);
  } catch (error) {
    say(`The output of this run is not kept: ${messageOf(error).replace(/\.?$/, '.')}`);
    return null;
  }
}

/** Whether that resolves before it is aborted. */
async function isDone(work: Promise<unknown>, waiting: AbortSignal): Promise<boolean> {
  const over = new Promise<false>((resolve) => {
    if (waiting.aborted) setImmediate(resolve, false);
    waiting.addEventListener('abort', () => resolve(false));
  });
  return Promise.race([work.then(() => true), over]);
}
