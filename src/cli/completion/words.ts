import { ExitCode } from '../errors/exit-codes.js';
import { type Command, type Commands, defineCommand } from '../grammar/command-definition.js';
import { loaded } from '../grammar/help-text.js';
import { merged } from '../named-locks/named-locks.js';
import { programOf } from '../program.js';
import { CachedHistory } from '../status/cached-history.js';
import { withLocks } from '../stores/locks.js';
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
      const candidates = await complete(programOf(commands), await loaded(commands), words, names);
      await print(candidates.join('\n'));
      return ExitCode.ok;
    },
  });
}

/** Those of the locks that `status` lists: a job that has ended has a history. */
async function names(): Promise<readonly string[]> {
  try {
    return await withLocks(undefined, async (locks) =>
      merged(await locks.list(), await new CachedHistory(locks).locks())
        .map(({ name }) => name)
        // The shell takes each line for a candidate.
        .filter((name) => !/\p{Cc}/u.test(name)),
    );
  } catch {
    // An error message here would garble the command line that is being typed.
    return [];
  }
}
