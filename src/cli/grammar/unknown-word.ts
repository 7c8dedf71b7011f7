import { joined } from '../../core/describe-holder.js';
import { UsageError } from '../errors/cli-error.js';

/** An option or a subcommand that does not exist; perhaps it is a misspelling. */
export class UnknownWord extends UsageError {
  override name = 'UnknownWord';
  readonly #word: string;
  readonly #known: readonly string[];
  readonly #subcommand: string;

  /**
   * @param shown The word as it was typed, possibly with a value after it.
   * @param known Words that may have been meant.
   * @param subcommand Whose options they are; empty for those of the program.
   */
  constructor(
    kind: 'option' | 'command',
    shown: string,
    word: string,
    known: readonly string[],
    subcommand: string,
  ) {
    super(`unknown ${kind} '${shown}'`);
    this.#word = word;
    this.#known = known;
    this.#subcommand = subcommand;
  }

  /** The message, with the most likely words, or where all of them are. */
  async explain(): Promise<string> {
    // Only now: a command line without typos need not load it.
    const { similarTo } = await import('../../core/options/did-you-mean.js');
    const best = similarTo(this.#word, this.#known);
    if (best.length === 0) {
      return `${this.message}. For a list, run ${joined(' ', 'livinglock', this.#subcommand, '--help')}`;
    }
    return `${this.message} (Did you mean ${best.length > 1 ? 'one of ' : ''}${best.join(', ')}?)`;
  }
}
