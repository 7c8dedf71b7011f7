import { COMMANDS, HIDDEN } from './commands.js';
import { type Command, HELP, VERSION } from './grammar/command.js';
import { interpret, isAmong, split } from './grammar/read.js';
import { UnknownWord } from './grammar/unknown-word.js';
import { printHelp, printVersion, programOf } from './program.js';

/** Does what a command line says, and gives the exit code. */
export async function execute(line: readonly string[]): Promise<number> {
  const [name, ...rest] = line;
  if (name === undefined || /^-./.test(name)) return executeCommand(programOf(COMMANDS), line);
  const load = COMMANDS.get(name) ?? HIDDEN.get(name);
  if (load === undefined) throw new UnknownWord('command', name, name, [...COMMANDS.keys()]);
  return executeCommand(await load(), rest);
}

async function executeCommand(command: Command, line: readonly string[]): Promise<number> {
  const words = split(line, command);
  if (isAmong(words, VERSION)) return printVersion();
  if (isAmong(words, HELP)) return printHelp(command);
  const { values, rest } = interpret(words, command);
  return command.run(values, rest);
}
