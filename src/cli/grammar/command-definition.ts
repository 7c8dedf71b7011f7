import type { Operands, Option, Options, Values } from './option.js';

/** A subcommand, as its file defines it. Help, the manual page and completion derive from this. */
export interface Command<O extends Options = Options, P extends Operands = Operands> {
  readonly name: string;
  /** For the list of all subcommands. */
  readonly summary: string;
  readonly description: string;
  /** Replaces the usage that follows from the options and the operands. */
  readonly usage?: string;
  readonly options: O;
  readonly operands: P;
  /** Options that help lists under headings of their own, after the others. */
  readonly sections?: readonly Section[];
  readonly subcommands?: Commands;
  /** The end of the help text: examples. */
  readonly notes: string;
  /** Whether a user's command follows `--`. Otherwise `--` only ends the options. */
  readonly isWrapper?: boolean;
  /** What to say about options that it lacks but people try, by the option as typed. */
  readonly otherOptions?: ReadonlyMap<string, string>;
  /** Replaces the usual message about too many operands. */
  tooMany?(rest: Rest): string;
  /** Reports what went wrong, its command line included, if its exit codes are not those of this program. Returns the exit code. */
  explain?(error: unknown): Promise<number>;
  /** Does the work. Returns the exit code. */
  run(values: Values<O, P>, rest: Rest): Promise<number>;
}

export interface Section {
  readonly heading: string;
  readonly options: Options;
}

/** The rest of the command line. */
export interface Rest {
  /** The words after `--`; `null` without `--`, or if the subcommand wraps no command. */
  readonly wrapped: readonly string[] | null;
  /** The options given on the command line or in the environment, as often as they were given. */
  readonly given: readonly GivenOption[];
}

export interface GivenOption {
  readonly name: string;
  readonly option: Option;
  /** `null` for a switch. */
  readonly text: string | null;
}

/** Loads a subcommand only when it is needed: cron starts one every minute. */
export type Load = () => Promise<Command>;

/** Subcommands by name. */
export type Commands = ReadonlyMap<string, Load>;

/** Options that every subcommand understands. */
export const HELP: Option = { flags: '-h, --help', description: 'print help' };
/** Understood everywhere too, but listed only in the help of the whole program. */
export const VERSION: Option = { flags: '-V, --version', description: 'print the version' };

/** Infers the values that `run` gets from the options and the operands. */
export function defineCommand<const O extends Options, const P extends Operands>(
  command: Command<O, P>,
): Command<O, P> {
  return command;
}
