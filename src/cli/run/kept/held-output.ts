import { messageOf } from '../../../system/message-of.js';
import { systemCode } from '../../../system/system-code.js';
import { say } from '../../terminal/messages.js';
import { writeOut } from '../../terminal/write-all.js';
import type { ReadOutput } from '../output.js';
import { Spool } from './spool.js';

/** One stream of a command, held back until it is known how the command ends. */
export class HeldOutput {
  readonly #output: ReadOutput;
  readonly #takeSpool: () => Spool;
  #state: 'empty' | Spool | 'passed on' = 'empty';

  /** @param takeSpool Returns a file that is open already: the command is at work. It may throw. */
  constructor(output: ReadOutput, takeSpool: () => Spool) {
    this.#output = output;
    this.#takeSpool = takeSpool;
  }

  /** If it cannot be held back, all of it is passed on. Rejects if that fails. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#state !== 'passed on' && (await this.#hold(chunk))) return;
    await writeOut(this.#output.descriptor, chunk);
  }

  get state(): 'empty' | 'held' | 'passed on' {
    return this.#state instanceof Spool ? 'held' : this.#state;
  }

  /** Passes on what is held back. A reader that is gone does not want it. */
  async release(): Promise<void> {
    const state = this.#state;
    if (!(state instanceof Spool)) return;
    try {
      await state.passOn(this.#output.descriptor);
    } catch (error) {
      if (systemCode(error) !== 'EPIPE')
        say(`The command's ${this.#output.name} cannot be written: ${messageOf(error)}.`);
    }
    this.discard();
  }

  discard(): void {
    if (this.#state instanceof Spool) this.#state.close();
    this.#state = 'passed on';
  }

  async #hold(chunk: Buffer): Promise<boolean> {
    try {
      if (!(this.#state instanceof Spool)) this.#state = this.#takeSpool();
      await this.#state.write(chunk);
      return true;
    } catch (error) {
      say(
        `The command's ${this.#output.name} cannot be held back: ${messageOf(error)}. It is passed on at once.`,
      );
    }
    const held = this.#state;
    this.#state = 'passed on';
    if (held instanceof Spool) {
      await held.passOn(this.#output.descriptor).finally(() => held.close());
    }
    return false;
  }
}
