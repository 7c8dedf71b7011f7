import { oneLine } from '../core/describe-holder.js';
import { UsageError } from './errors/cli-error.js';
import { describeExitCodes } from './errors/exit-code-meanings.js';
import { ExitCode } from './errors/exit-codes.js';
import { type Command, type Commands, defineCommand } from './grammar/command-definition.js';
import { printHelp, programOf } from './program.js';
import { print } from './terminal/messages.js';

const EXIT_CODES = 'exit-codes';

/** Help on subcommands and topics. */
export function helpOn(commands: Commands): Command {
  const topics = [...[...commands.keys()].filter((name) => name !== 'help'), EXIT_CODES];
  return defineCommand({
    name: 'help',
    summary: 'print help for a command, or on a topic',
    description: `Prints help for a command, or what each exit code means (${EXIT_CODES}).`,
    options: {},
    operands: {
      topic: {
        term: '[topic]',
        description: `a command, or ${EXIT_CODES}`,
        choices: topics,
        parse: String,
      },
    },
    notes: `Examples:
  livinglock help run
  livinglock help ${EXIT_CODES}`,
    async run({ topic }) {
      if (topic === undefined) return printHelp(programOf(commands));
      const load = commands.get(topic);
      if (load !== undefined) return printHelp(await load());
      if (topic !== EXIT_CODES) {
        throw new UsageError(`There is no help on ${oneLine(topic)}. The topics are ${topics.join(', ')}.`);
      }
      await print(describeExitCodes());
      return ExitCode.ok;
    },
  });
}
