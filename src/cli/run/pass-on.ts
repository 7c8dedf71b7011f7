import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../terminal/messages.js';
import { writeAll } from '../terminal/write-all.js';
import type { ReadOutput } from './output.js';

/** A daemon that the command has left behind may hold its output open for ever. After such a silence nothing else is on its way. */
const SILENCE = 500;

/** Why output could not be written: nobody reads it any more, for which POSIX has SIGPIPE, or anything else. */
export type WriteFailure = 'unread' | 'failed';

/**
 * Passes on what a command writes, byte for byte and at once, and reads no faster than the other side takes it, so that
 * memory stays flat.
 *
 * Once a write fails, nothing more is read, so the command's next write fails as well: with SIGPIPE and EPIPE. If that is not what it would have
 * met without us in between, a message says what is lost.
 */
export class Passage {
  readonly #output: ReadOutput;
  readonly #onOutput: () => void;
  readonly #ended: Promise<void>;
  #isWriting = false;
  #chunks = 0;
  #failure: WriteFailure | null = null;

  constructor(output: ReadOutput, onOutput: () => void) {
    this.#output = output;
    this.#onOutput = onOutput;
    this.#ended = this.#pass();
  }

  /** Why not all could be passed on; `null` as long as all could. */
  get failure(): WriteFailure | null {
    return this.#failure;
  }

  /** To be called when the command is gone: resolves when all that it has written is passed on. */
  async drain(): Promise<void> {
    for (let seen = -1; this.#isWriting || seen !== this.#chunks; ) {
      seen = this.#chunks;
      const silence = sleep(SILENCE, true, { ref: false });
      if ((await Promise.race([this.#ended, silence])) !== true) return;
    }
    this.#output.source.destroy();
  }

  async #pass(): Promise<void> {
    const { source, descriptor } = this.#output;
    try {
      for await (const chunk of source) {
        this.#chunks++;
        this.#onOutput();
        this.#isWriting = true;
        await writeAll(descriptor, chunk).catch((error) => this.#fail(error));
        if (this.#failure !== null) break;
        this.#isWriting = false;
      }
    } catch {
      // It is closed while the last is read: a daemon that has stayed.
    } finally {
      this.#isWriting = false;
      source.destroy();
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure = error.code === 'EPIPE' && process.platform !== 'win32' ? 'unread' : 'failed';
    if (this.#failure === 'unread') return;
    say(
      `The command's ${this.#output.name} cannot be written: ${error.message}. Output is lost from here on, so this run fails.`,
    );
  }
}
