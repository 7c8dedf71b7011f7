import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** An option or a subcommand that does not exist; perhaps it is a misspelling. */
export class UnknownWord extends CliError {
  override name = 'UnknownWord';
  readonly #word: string;
  readonly #known: readonly string[];

  /**
   * @param shown The word as it was typed, possibly with a value after it.
   * @param known Words that may have been meant.
   */
  constructor(kind: 'option' | 'command', shown: string, word: string, known: readonly string[]) {
    super(ExitCode.usage, `unknown ${kind} '${shown}'`);
    this.#word = word;
    this.#known = known;
  }

  /** The message, with the most likely words. */
  async explain(): Promise<string> {
    const { default: distance } = await import('leven');
    const similar = this.#known
      .map((known) => ({ known, typos: distance(this.#word, known) }))
      .filter(({ known, typos }) => typos <= MOST_TYPOS && typos < MOST_WRONG * lengthOf(known, this.#word));
    const fewest = Math.min(...similar.map(({ typos }) => typos));
    const best = similar.filter(({ typos }) => typos === fewest).map(({ known }) => known);
    if (best.length === 0) return this.message;
    return `${this.message} (Did you mean ${best.length > 1 ? 'one of ' : ''}${best.toSorted().join(', ')}?)`;
  }
}

/** How many letters of a word may differ, and what share of them. */
const MOST_TYPOS = 3;
const MOST_WRONG = 0.6;

/** Without the hyphens that every option begins with. */
function lengthOf(...words: readonly string[]): number {
  return Math.max(...words.map((word) => word.replace(/^--/, '').length));
}
