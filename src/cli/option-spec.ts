/** An option of a subcommand, told once: to commander, and to who reads a command line without it. */
export interface OptionSpec {
  /** `-w, --wait <time>`; without a value in angle brackets it is a switch. */
  readonly flags: string;
  readonly description: string;
  /** Throws an {@link InvalidArgument}. Without it the value is the text. */
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
  /** The variable of the environment that gives the value if the command line does not. */
  readonly variable?: string;
  /** The value if it is not given, and what the help calls it. */
  readonly default?: { readonly value: unknown; readonly name?: string };
}
