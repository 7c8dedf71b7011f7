import { write } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const writeTo = promisify(write);

/** How long to wait, in milliseconds, before trying again where someone has made a pipe non-blocking. */
const FULL = 5;
/** A daemon that the command has left behind may hold its output open for ever. After such a silence nothing else is on its way. */
const SILENCE = 500;

/**
 * Passes on what a command writes, byte for byte and at once, and reads no faster than the other side takes it, so that
 * memory stays flat. Writes outside of the event loop: `process.stdout` blocks on a pipe that is full (Node, "A note on process
 * I/O"), and who is blocked sees no signal and no timeout.
 *
 * When the other side has gone, the command's own writes fail, just as without us in between.
 */
export class Passage {
  readonly #source: Readable;
  readonly #descriptor: number;
  readonly #onOutput: () => void;
  readonly #ended: Promise<void>;
  #isWriting = false;
  #chunks = 0;

  constructor(source: Readable, descriptor: number, onOutput: () => void) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#onOutput = onOutput;
    this.#ended = this.#pass();
  }

  /** To be called when the command is gone: resolves when all that it has written is passed on. */
  async drain(): Promise<void> {
    for (let seen = -1; this.#isWriting || seen !== this.#chunks; ) {
      seen = this.#chunks;
      const silence = sleep(SILENCE, true, { ref: false });
      if ((await Promise.race([this.#ended, silence])) !== true) return;
    }
    this.#source.destroy();
  }

  async #pass(): Promise<void> {
    try {
      for await (const chunk of this.#source) {
        this.#chunks++;
        this.#onOutput();
        this.#isWriting = true;
        await writeAll(this.#descriptor, chunk);
        this.#isWriting = false;
      }
    } catch {
      this.#isWriting = false;
      this.#source.destroy();
    }
  }
}

async function writeAll(descriptor: number, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    try {
      const { bytesWritten } = await writeTo(descriptor, chunk, written);
      written += bytesWritten;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await sleep(FULL);
    }
  }
}
