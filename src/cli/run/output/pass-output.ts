import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { messageOf } from '../../../system/message-of.js';
import { giveUpWriting } from '../../terminal/exit-despite-hung-write.js';
import { say } from '../../terminal/messages.js';
import { writeOut } from '../../terminal/write-all.js';
import { turn } from '../processes/pass-signals.js';
import type { ReadOutput } from './output-route.js';

/** A daemon that the command left behind may hold its output open forever. After this much silence, nothing more is coming. */
const SILENCE = 500;
/** Nor is it, if such a daemon goes on writing: after this many silences with nothing left to be written, or after as much as the largest pipe holds (pipe(7)). */
const MOST_SILENCES = 2;
const MOST_BYTES = 1024 * 1024;

const NEVER = new AbortController().signal;

/** Where a part of the output goes. Rejects, with the system's error, if it cannot be written there. */
export type Outlet = (chunk: Buffer) => Promise<void>;

/** Why output could not be written: its reader is gone, for which POSIX has SIGPIPE, or anything else. */
export type WriteFailure = 'unread' | 'failed';

/**
 * Passes on a command's output, byte for byte and at once. Reads no faster than the other side accepts it, so
 * memory use stays flat.
 *
 * Once a write fails, nothing more is read, so the command's next write fails too, with SIGPIPE or EPIPE. If the command would not
 * have met that error without the runner in between, a message says what is lost.
 */
export class OutputPassage {
  readonly #output: ReadOutput;
  readonly #onOutput: () => void;
  readonly #outlet: Outlet;
  readonly #isTerminal: boolean;
  readonly #ended: Promise<void>;
  #isWriting = false;
  #bytes = 0;
  #most = Number.POSITIVE_INFINITY;
  #failure: WriteFailure | null = null;

  /** @param outlet Where it goes. Default: to the descriptor that the output is for. */
  constructor(
    output: ReadOutput,
    onOutput: () => void,
    outlet: Outlet = (chunk) => writeOut(output.descriptor, chunk),
  ) {
    this.#output = output;
    this.#onOutput = onOutput;
    this.#outlet = outlet;
    this.#isTerminal = isatty(output.descriptor);
    this.#ended = this.#pass();
  }

  /** Whether something read from the command is waiting to be accepted by the other side. */
  get isHeldUp(): boolean {
    return this.#isWriting;
  }

  /** Why some output could not be passed on; `null` while everything could. */
  get failure(): WriteFailure | null {
    return this.#failure;
  }

  /**
   * Must be called when the command is gone. Resolves when its output has ended and is passed on; when aborted; after a silence with nothing left to be
   * written; or after two, while a daemon goes on writing.
   *
   * @param waiting Aborted when nobody waits for the output any longer.
   */
  async drain(waiting: AbortSignal = NEVER): Promise<void> {
    const { source } = this.#output;
    this.#most = this.#bytes + source.readableLength + MOST_BYTES;
    let silences = 0;
    let seen: number;
    do {
      seen = this.#bytes;
      const silence = sleep(SILENCE, true, { ref: false, signal: waiting }).catch(() => true);
      if ((await Promise.race([this.#ended, silence])) !== true) return;
      // If this process was held up, the time may be over before it has looked.
      await turn();
      if (waiting.aborted) return this.#abandon();
      if (!this.#isWriting) silences++;
    } while (this.#isWriting || (seen !== this.#bytes && silences < MOST_SILENCES));
    source.destroy();
  }

  async #pass(): Promise<void> {
    const { source } = this.#output;
    try {
      for await (const chunk of source) {
        this.#bytes += chunk.length;
        this.#onOutput();
        this.#isWriting = true;
        await this.#outlet(chunk).catch((error) => this.#fail(error));
        if (this.#failure !== null) break;
        this.#isWriting = false;
        // A reader that is slow holds the command up, too.
        this.#onOutput();
        if (this.#bytes >= this.#most) break;
      }
    } catch {
      // The last output is read while the pipe is being closed: a daemon still holds it open.
    } finally {
      this.#isWriting = false;
      source.destroy();
    }
  }

  #abandon(): void {
    if (this.#isWriting) {
      this.#failure = 'unread';
      giveUpWriting();
      say(`The command's ${this.#output.name} could not be written in time. The rest of it is lost.`);
    }
    this.#output.source.destroy();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#failure !== null) return;
    // The terminal is gone, and there is no signal for that but SIGHUP. Without the runner, the command could go on.
    if (this.#isTerminal && error.code === 'EIO') return;
    this.#failure = error.code === 'EPIPE' && process.platform !== 'win32' ? 'unread' : 'failed';
    if (this.#failure === 'unread') return;
    say(
      `The command's ${this.#output.name} cannot be written: ${messageOf(error)}. Output is lost from here on, so this run fails.`,
    );
  }
}
