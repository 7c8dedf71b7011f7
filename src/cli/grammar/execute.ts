import { ExitCode } from '../errors/exit-codes.js';
import { print, stdout, write } from '../terminal/messages.js';
import { type Command, type Commands, HELP, VERSION } from './command-definition.js';
import { interpret, isAmong, split } from './parse-command-line.js';
import { UnknownWord } from './unknown-word.js';

/** Everything a command line can call. */
export interface Program {
  /** Called without a subcommand. */
  readonly root: Command;
  readonly commands: Commands;
  /** Subcommands that people do not type. */
  readonly hidden: Commands;
  version(): string;
}

/** Executes a command line. Returns the exit code. */
export async function execute(line: readonly string[], program: Program): Promise<number> {
  const [name, ...rest] = line;
  if (name === undefined || /^-./.test(name)) return executeCommand(program.root, line, program);
  const load = program.commands.get(name) ?? program.hidden.get(name);
  if (load === undefined)
    throw new UnknownWord('command', name, name, [...program.commands.keys()], program.root.name);
  return executeCommand(await load(), rest, program);
}

async function executeCommand(
  command: Command,
  line: readonly string[],
  { version }: Program,
): Promise<number> {
  const words = split(line, command);
  if (isAmong(words, VERSION)) {
    await print(version());
    return ExitCode.ok;
  }
  if (isAmong(words, HELP)) return printHelp(command);
  try {
    const { values, rest } = interpret(words, command);
    return await command.run(values, rest);
  } catch (error) {
    if (command.explain === undefined) throw error;
    return command.explain(error);
  }
}

/** Prints the help of a command. Returns the exit code. */
export async function printHelp(command: Command): Promise<number> {
  const { helpFor } = await import('./help-text.js');
  await write(await helpFor(command, stdout().columns));
  return ExitCode.ok;
}
