/** An option of a subcommand. Parsing, help, the manual page and the completion of words all derive from it. */
export interface Option {
  /** `-w, --wait <time>`; `--log[=place]` may have a value, in the same word; otherwise it is a switch. */
  readonly flags: string;
  readonly description: string;
  /** Throws an `InvalidArgument`. Without it the value is the text. */
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
  /** The environment variable that gives the value if the command line does not. An empty one counts as unset, unless the option says otherwise. */
  readonly variable?: string;
  readonly takesEmptyVariable?: true;
  /** The value if the option is not given, and how help describes it. */
  readonly default?: { readonly value: unknown; readonly name?: string };
  /** Names of options that cannot be combined with this one. */
  readonly conflicts?: readonly string[];
}

/** Options by the name under which a subcommand gets their values. */
export type Options = Readonly<Record<string, Option>>;

/** An operand: a word of the command line that is not an option. */
export interface Operand {
  /** `<lock>`; in square brackets it is optional, and with three dots it takes all remaining words. */
  readonly term: string;
  readonly description: string;
  /** Throws an `InvalidArgument`. If set, the choices are only for help and completion. */
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
}

/** Operands by the name under which a subcommand gets their values, in their order on the command line. */
export type Operands = Readonly<Record<string, Operand>>;

/** What a subcommand gets: all options and operands by name. */
export type Values<O extends Options, P extends Operands = Record<never, Operand>> = {
  readonly [Name in keyof O]: OptionValue<O[Name]>;
} & { readonly [Name in keyof P]: OperandValue<P[Name]> };

type OptionValue<O extends Option> = string extends O['flags']
  ? unknown
  : O['flags'] extends `${string}<${string}`
    ? Parsed<O> | (O extends { default: unknown } ? never : undefined)
    : O['flags'] extends `${string}[=${string}`
      ? Parsed<O> | boolean
      : boolean;

type OperandValue<P extends Operand> = string extends P['term']
  ? unknown
  : P['term'] extends `${string}...${string}`
    ? readonly Parsed<P>[]
    : Parsed<P> | (P['term'] extends `[${string}` ? undefined : never);

type Parsed<T> = T extends { parse: (text: string) => infer Value }
  ? Value
  : T extends { choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** `--wait` */
export function longName({ flags }: Option): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? '';
}

/** `-w`, if there is one. */
export function shortName({ flags }: Option): string | undefined {
  return /^-\w/.exec(flags)?.[0];
}

export function takesValue({ flags }: Option): boolean {
  return flags.includes('<');
}

/** Whether it takes a value after an equals sign, and can do without. */
export function mayTakeValue({ flags }: Option): boolean {
  return flags.includes('[=');
}

/** The text inside the brackets: `lock` */
export function operandName({ term }: Operand): string {
  return term.replaceAll(/[^\w-]/g, '');
}

export function isRequired({ term }: Operand): boolean {
  return term.startsWith('<');
}

export function isVariadic({ term }: Operand): boolean {
  return term.includes('...');
}
