import type { Command } from 'commander';
import { addOptions } from '../add-options.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { commandOf } from './command-line.js';
import { completeRunOptions, RUN_OPTIONS, type RunGiven } from './read-options.js';

const MISSING =
  'Put -- between the lock and the command: livinglock run LOCK -- COMMAND. For a line of the shell: livinglock run LOCK -c LINE.';
const UNQUOTED = "Put the line in quotes, and name one lock: livinglock run LOCK -c 'LINE'.";

export function defineRun(program: Command, wrapped: readonly string[] | null): void {
  const command = program
    .command('run')
    .summary('run a command while holding a lock')
    .description(
      'Runs a command while holding a lock, and exits with its status. If someone else holds the lock, says who, and exits with 75.',
    )
    .usage('[options] LOCK -- COMMAND [ARG...]\n       livinglock run [options] LOCK -c LINE')
    .argument('<lock>', 'a path, or a name without a slash for a lock of this user on this machine')
    .allowExcessArguments();
  addOptions(command, RUN_OPTIONS)
    .addHelpText(
      'after',
      `
Examples:
  livinglock run backup -- pg_dump --file=backup.sql shop
  livinglock run --heartbeat output --stale-timeout 15m /run/lock/import.lock -- python manage.py update_user_data
  livinglock run --wait 30s --timeout 2h report -- Rscript report.R
  livinglock run dump -c 'pg_dump shop | gzip > shop.sql.gz'

A lock without a slash is a name: /run/livinglock/NAME.lock for root, ~/.local/state/livinglock/MACHINE/NAME.lock for other users,
elsewhere on macOS, on Windows and for users without a home folder; LIVINGLOCK_DIR sets another folder. It is the same one
under cron, under systemd and in a terminal.

A number without a unit is seconds. What each exit code means: livinglock help exit-codes.`,
    )
    .action(async (lock: string, given: RunGiven, { args }: Command) => {
      if (args.length > 1)
        throw new CliError(ExitCode.usage, given.command === undefined ? MISSING : UNQUOTED);
      const { run } = await import('./run.js');
      const command = commandOf(wrapped, given.command, MISSING);
      process.exitCode = await run(lock, command, completeRunOptions(given));
    });
}
