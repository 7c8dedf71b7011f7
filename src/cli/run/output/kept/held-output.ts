import { messageOf } from '../../../../system/message-of.js';
import { systemCode } from '../../../../system/system-code.js';
import { say } from '../../../terminal/messages.js';
import { writeOut } from '../../../terminal/write-all.js';
import type { ReadOutput } from '../output-route.js';
import type { Spool } from './unnamed-file.js';

const LINE_BREAK = 0x0a;

/** What is held back: these bytes of a file that may hold the output of earlier attempts, too. */
interface Held {
  readonly spool: Spool;
  readonly from: number;
  to: number;
}

/** One stream of one attempt of a command, held back until it is known how the run ends. */
export class HeldOutput {
  readonly #output: ReadOutput;
  readonly #takeSpool: () => Spool;
  #state: 'empty' | Held | 'passed on' = 'empty';
  #lastByte = LINE_BREAK;

  /** @param takeSpool Returns a file that is open already: the command is at work. It may throw. */
  constructor(output: ReadOutput, takeSpool: () => Spool) {
    this.#output = output;
    this.#takeSpool = takeSpool;
  }

  /** If it cannot be held back, all of it is passed on. Rejects if that fails. */
  async write(chunk: Buffer): Promise<void> {
    this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    if (this.#state !== 'passed on' && (await this.#hold(chunk))) return;
    await writeOut(this.#output.descriptor, chunk);
  }

  get state(): 'empty' | 'held' | 'passed on' {
    return typeof this.#state === 'string' ? this.#state : 'held';
  }

  /** Whether a message after it would continue its last line. */
  get isLineOpen(): boolean {
    return this.#lastByte !== LINE_BREAK;
  }

  /** Passes on what is held back. A reader that is gone does not want it. */
  async release(): Promise<void> {
    try {
      await this.#passOn();
    } catch (error) {
      if (systemCode(error) !== 'EPIPE')
        say(`The command's ${this.#output.name} cannot be written: ${messageOf(error)}.`);
    }
  }

  async #hold(chunk: Buffer): Promise<boolean> {
    try {
      if (typeof this.#state === 'string') this.#state = heldIn(this.#takeSpool());
      const held = this.#state;
      await held.spool.write(chunk);
      held.to = held.spool.size;
      return true;
    } catch (error) {
      say(
        `The command's ${this.#output.name} cannot be held back: ${messageOf(error)}. It is passed on at once.`,
      );
    }
    const held = this.#state;
    await this.#passOn();
    // The disk may be full, and others need it.
    if (typeof held !== 'string') await held.spool.shorten(held.from).catch(() => {});
    return false;
  }

  async #passOn(): Promise<void> {
    const held = this.#state;
    this.#state = 'passed on';
    if (typeof held !== 'string') await held.spool.passOn(this.#output.descriptor, held.from, held.to);
  }
}

function heldIn(spool: Spool): Held {
  return { spool, from: spool.size, to: spool.size };
}
