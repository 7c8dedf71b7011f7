import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** An option or a subcommand that does not exist; perhaps it is a misspelling. */
export class UnknownWord extends CliError {
  override name = 'UnknownWord';
  readonly #word: string;
  readonly #known: readonly string[];

  /**
   * @param shown What was given, which may have a value behind it.
   * @param known What the word may have been meant to be.
   */
  constructor(kind: 'option' | 'command', shown: string, word: string, known: readonly string[]) {
    super(ExitCode.usage, `unknown ${kind} '${shown}'`);
    this.#word = word;
    this.#known = known;
  }

  /** The message, with what was probably meant. */
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

/** How many letters of a word may be wrong, and which share of them. */
const MOST_TYPOS = 3;
const MOST_WRONG = 0.6;

/** Without hyphens, which all options begin with. */
function lengthOf(...words: readonly string[]): number {
  return Math.max(...words.map((word) => word.replace(/^--/, '').length));
}
