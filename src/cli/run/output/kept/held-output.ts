import { constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../../system/message-of.js';
import { systemCode } from '../../../../system/system-code.js';
import { randomUuid } from '../../../../system/uuid.js';
import { say } from '../../../terminal/messages.js';
import { writeOut } from '../../../terminal/write-all.js';
import type { ReadOutput } from '../output-route.js';
import { BoundedLog } from './bounded-log.js';
import { fileFrom } from './whole-file.js';

const LINE_BREAK = 0x0a;
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** A file without a name in which output is held back: whatever ends this process, none of the output stays behind. */
export class Spool {
  readonly #descriptor: number;
  /** Where the output of the last attempt begins. */
  #start = 0;
  #last: BoundedLog | null = null;

  /** Throws the system's error if no file can be created in that folder. */
  constructor(folder: string) {
    const path = join(folder, `output-${randomUuid()}.tmp`);
    this.#descriptor = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    unlinkSync(path);
  }

  /** For the output of one more attempt, behind that of the last one. */
  begin(most: number): BoundedLog {
    this.#start += this.#last?.size ?? 0;
    this.#last = new BoundedLog(fileFrom(this.#start, this.#descriptor), most);
    return this.#last;
  }
}

/** One stream of one attempt of a command, held back until it is known how the run ends. */
export class HeldOutput {
  readonly #output: ReadOutput;
  readonly #takeSpool: () => Spool;
  readonly #most: number;
  #state: 'empty' | BoundedLog | 'passed on' = 'empty';
  #lastByte = LINE_BREAK;

  /**
   * @param takeSpool Returns a file that is open already: the command is at work. It may throw.
   * @param most How many bytes to hold back. Of longer output, the middle is left out.
   */
  constructor(output: ReadOutput, takeSpool: () => Spool, most: number) {
    this.#output = output;
    this.#takeSpool = takeSpool;
    this.#most = most;
  }

  /** If it cannot be held back, all of it is passed on. Rejects if that fails. */
  async write(chunk: Buffer): Promise<void> {
    this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    const held = this.#state === 'passed on' ? 0 : await this.#hold(chunk);
    if (held < chunk.length) await writeOut(this.#output.descriptor, chunk.subarray(held));
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

  /** Returns how many of its bytes are held back. If that is not all, those are passed on. */
  async #hold(chunk: Buffer): Promise<number> {
    let taken = 0;
    try {
      if (typeof this.#state === 'string') this.#state = this.#takeSpool().begin(this.#most);
      // It may be passed on meanwhile.
      const log = this.#state;
      while (taken < chunk.length) taken += await log.writePart(chunk.subarray(taken));
      return taken;
    } catch (error) {
      say(
        `The command's ${this.#output.name} cannot be held back: ${messageOf(error)}. It is passed on at once.`,
      );
    }
    const held = this.#state;
    await this.#passOn();
    // The disk may be full, and others need it.
    if (typeof held !== 'string') await held.clear().catch(() => {});
    return taken;
  }

  async #passOn(): Promise<void> {
    const held = this.#state;
    this.#state = 'passed on';
    if (typeof held === 'string') return;
    for await (const piece of held.read()) await writeOut(this.#output.descriptor, piece);
  }
}
