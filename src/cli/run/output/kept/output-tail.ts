/** The last bytes of an output, in memory. */
export class OutputTail {
  readonly #ring: Buffer;
  #written = 0;

  /** @param size How many bytes. */
  constructor(size: number) {
    this.#ring = Buffer.alloc(size);
  }

  write(chunk: Buffer): void {
    const size = this.#ring.length;
    const last = chunk.subarray(-size);
    const start = (this.#written + chunk.length - last.length) % size;
    const copied = last.copy(this.#ring, start);
    last.copy(this.#ring, 0, copied);
    this.#written += chunk.length;
  }

  read(): Buffer {
    const size = this.#ring.length;
    if (this.#written <= size) return Buffer.from(this.#ring.subarray(0, this.#written));
    const start = this.#written % size;
    return Buffer.concat([this.#ring.subarray(start), this.#ring.subarray(0, start)]);
  }
}
