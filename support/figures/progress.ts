const CLEAR_LINE = '\r\u001b[K';

/** Shows progress on one line of the terminal; elsewhere nothing, so that a log stays readable. */
export class Progress {
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  say(now: string): void {
    if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${this.#what}: ${now}`);
  }

  static end(): void {
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  }
}
