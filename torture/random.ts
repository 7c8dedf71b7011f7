import { createHash } from 'node:crypto';

/** A stream of numbers that its name determines, so that a seed determines every choice made with it. */
export class Random {
  #state: number;

  /** @param name Streams of different names are unrelated. */
  constructor(name: string) {
    // Zero is the one state that the generator never leaves.
    this.#state = createHash('sha256').update(name).digest().readUInt32LE() || 1;
  }

  /** At least 0, less than 1. George Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003). */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }

  /** An integer from 0 to one less than the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}
