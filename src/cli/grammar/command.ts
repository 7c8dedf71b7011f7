import type { Operands, Option, Options, Values } from './option.js';

/** A subcommand as its file defines it: all that help, the manual page and the completion of words say of it. */
export interface Command<O extends Options = Options, P extends Operands = Operands> {
  readonly name: string;
  /** For the list of all subcommands. */
  readonly summary: string;
  readonly description: string;
  /** In place of the usage that follows from the options and the operands. */
  readonly usage?: string;
  readonly options: O;
  readonly operands: P;
  /** A part of the options that help lists under a heading of its own. */
  readonly section?: { readonly heading: string; readonly options: Options };
  readonly subcommands?: Commands;
  /** What help says last: examples. */
  readonly notes: string;
  /** Whether a command of the user's follows `--`. Otherwise `--` only ends the options. */
  readonly isWrapper?: boolean;
  /** What to say if there are too many operands, in place of the usual message. */
  tooMany?(given: readonly GivenOption[]): string;
  /** Does the work, and gives the exit code. */
  run(values: Values<O, P>, rest: Rest): Promise<number>;
}

/** What else a command line contains. */
export interface Rest {
  /** The words behind `--`; `null` if there is no `--`, or the subcommand is no wrapper. */
  readonly wrapped: readonly string[] | null;
  /** The options that were given, by the command line or the environment, as often as they were. */
  readonly given: readonly GivenOption[];
}

export interface GivenOption {
  readonly name: string;
  readonly option: Option;
  /** `null` for a switch. */
  readonly text: string | null;
}

/** Loads a subcommand, once it is needed: cron starts one every minute. */
export type Load = () => Promise<Command>;

/** Subcommands by name. */
export type Commands = ReadonlyMap<string, Load>;

/** What every subcommand understands. */
export const HELP: Option = { flags: '-h, --help', description: 'print help' };
/** Understood everywhere too, but only listed for the whole program. */
export const VERSION: Option = { flags: '-V, --version', description: 'print the version' };

/** Infers from the options and the operands which values `run` gets. */
export function defineCommand<const O extends Options, const P extends Operands>(
  command: Command<O, P>,
): Command<O, P> {
  return command;
}
