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
    // Only now: a command line without typos need not load it.
    const { similarTo } = await import('../../core/similar.js');
    const best = similarTo(this.#word, this.#known);
    if (best.length === 0) return this.message;
    return `${this.message} (Did you mean ${best.length > 1 ? 'one of ' : ''}${best.join(', ')}?)`;
  }
}
