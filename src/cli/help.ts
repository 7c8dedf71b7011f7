import { Argument, type Command } from 'commander';
import { CliError } from './errors/cli-error.js';
import { describeExitCodes } from './errors/exit-code-meanings.js';
import { ExitCode } from './errors/exit-codes.js';
import { oneLine, print } from './terminal/messages.js';

const EXIT_CODES = 'exit-codes';

/** Instead of commander's own `help`, which knows no topics, and answers a mistyped name with the whole help text. */
export function defineHelp(program: Command): void {
  const topics = [
    ...program
      .createHelp()
      .visibleCommands(program)
      .map((each) => each.name()),
    EXIT_CODES,
  ];
  const topic = new Argument('[topic]', `a command, or ${EXIT_CODES}`);
  // Only named, for the completion of what is typed: commander would check them with less helpful words.
  topic.argChoices = topics;
  program
    .command('help')
    .summary('print help for a command, or on a topic')
    .description(`Prints help for a command, or what each exit code means (${EXIT_CODES}).`)
    .addArgument(topic)
    .addHelpText(
      'after',
      `
Examples:
  livinglock help run
  livinglock help ${EXIT_CODES}`,
    )
    .action(async (name: string | undefined) => {
      if (name === undefined) return program.outputHelp();
      if (name === EXIT_CODES) return print(describeExitCodes());
      const command = program.commands.find((each) => each.name() === name);
      if (command !== undefined) return command.outputHelp();
      throw new CliError(
        ExitCode.usage,
        `There is no help on ${oneLine(name)}. There is on ${topics.join(', ')}.`,
      );
    });
}
