import type { Command } from 'commander';
import { addOptions } from '../add-options.js';
import { BEAT_OPTIONS, type BeatGiven, beat } from './beat.js';

export function defineBeat(program: Command): void {
  const command = program
    .command('beat')
    .summary('give a heartbeat from inside of a command')
    .description(
      'Gives a heartbeat, from inside of a command that `livinglock run` has started. Exits with 76 if the lock was lost: the command must stop then.',
    );
  addOptions(command, BEAT_OPTIONS)
    .addHelpText(
      'after',
      `
Examples:
  for table in $tables; do
    dump "$table"
    "$LIVINGLOCK" beat --note "$table" || exit
  done

\`livinglock run\` sets LIVINGLOCK to the path of a program that does the same as livinglock,
also where PATH does not lead to it, as under cron.

It can be called as often as you like: within the heartbeat interval it writes nothing.`,
    )
    .action(async (given: BeatGiven) => {
      process.exitCode = await beat(given);
    });
}
