// The command line. Each subcommand has a file or folder of the same name.

import { COMMANDS, HIDDEN } from './commands.js';
import { endEarly } from './early-signal.js';
import { describeError } from './errors/describe-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { type Command, HELP, VERSION } from './grammar/command-definition.js';
import { interpret, isAmong, split } from './grammar/parse-command-line.js';
import { UnknownWord } from './grammar/unknown-word.js';
import { printHelp, programOf, version } from './program.js';
import { exit } from './terminal/exit-despite-hung-write.js';
import { print, say } from './terminal/messages.js';
import { shareStderr } from './terminal/shared-stderr.js';

export function main(): void {
  shareStderr();
  process.on('SIGUSR1', endEarly);

  // Something may still be open, such as a pipe of a daemon that the command left behind. It must not keep this process alive.
  void run(process.argv.slice(2)).then(exit);

  // Node ends with 0 when nothing is left that could happen, whatever is still waited for.
  process.once('beforeExit', () => {
    process.exitCode = ExitCode.internal;
    say('This is a bug in livinglock: it is waiting for something that will never happen.');
  });
}

/** Executes a command line, and reports in one line what went wrong. Returns the exit code. */
async function run(line: readonly string[]): Promise<number> {
  try {
    return await execute(line);
  } catch (error) {
    const { message, exitCode } = await describeError(error);
    say(message);
    return exitCode;
  }
}

async function execute(line: readonly string[]): Promise<number> {
  const [name, ...rest] = line;
  if (name === undefined || /^-./.test(name)) return executeCommand(programOf(COMMANDS), line);
  const load = COMMANDS.get(name) ?? HIDDEN.get(name);
  if (load === undefined) throw new UnknownWord('command', name, name, [...COMMANDS.keys()], '');
  return executeCommand(await load(), rest);
}

async function executeCommand(command: Command, line: readonly string[]): Promise<number> {
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
