import { ExitCode } from '../errors/exit-codes.js';
import { type Command, type Commands, defineCommand } from '../grammar/command-definition.js';
import { loaded } from '../grammar/help-text.js';
import { programOf } from '../program.js';
import { print } from '../terminal/messages.js';
import { complete } from './complete.js';

/** Called by the scripts of `completion`. */
export function completeWords(commands: Commands): Command {
  return defineCommand({
    name: 'complete-words',
    summary: 'used by the scripts of `completion`',
    description: 'Prints the candidates for the last word.',
    options: {},
    operands: {
      words: {
        term: '[word...]',
        description: 'what follows the name of the program, up to the cursor',
      },
    },
    notes: 'Each line is a candidate, a tab and its meaning; or it tells the shell what to complete.',
    async run({ words }) {
      await print(complete(programOf(commands), await loaded(commands), words).join('\n'));
      return ExitCode.ok;
    },
  });
}
