import { defineCommand } from '../grammar/command-definition.js';
import { completeRunOptions, RUN_OPTIONS, RUN_SECTIONS } from './options/run-options.js';
import { commandOf } from './options/wrapped-command.js';

const HOW = 'livinglock run LOCK -- COMMAND. For a shell command line: livinglock run LOCK -c LINE.';
const NONE = `There is nothing to run. Write: ${HOW}`;
const UNSEPARATED = `Put -- between the lock and the command: ${HOW}`;
const ONE_LOCK = `Name one lock before --: ${HOW}`;
const ONE_LOCK_AND_LOG = 'Name one lock before --. The path of --log needs an equals sign: --log=PATH.';
const UNQUOTED = "Put the line in quotes, and name one lock: livinglock run LOCK -c 'LINE'.";

const NO_WAIT = 'It is not needed: if the lock is held, livinglock exits at once, unless --wait is given.';
const EXCLUSIVE = 'It is not needed: every lock is exclusive.';
const NOT_SHARED = 'There are no shared locks: every lock is exclusive.';

/** What flock(1) calls these. */
const OPTIONS_OF_FLOCK = new Map([
  ...['-n', '--nb', '--nonblock'].map((option) => [option, NO_WAIT] as const),
  ...['-x', '-e', '--exclusive'].map((option) => [option, EXCLUSIVE] as const),
  ...['-s', '--shared'].map((option) => [option, NOT_SHARED] as const),
]);

export const RUN = defineCommand({
  name: 'run',
  summary: 'run a command while holding a lock',
  description:
    'Runs a command while holding a lock, and exits with its status. If someone else holds the lock, says who and exits with 75.',
  usage: '[options] LOCK -- COMMAND [ARG...]\n       livinglock run [options] LOCK -c LINE',
  options: RUN_OPTIONS,
  sections: RUN_SECTIONS,
  operands: {
    lock: {
      term: '<lock>',
      description: 'a path, or a name without a slash for a lock of this user on this machine',
    },
  },
  notes: `Examples:
  livinglock run backup -- pg_dump --file=backup.sql shop
  livinglock run --heartbeat output --stale-timeout 15m /srv/import/nightly.lock -- python -u manage.py update_user_data
  livinglock run --wait 30s --timeout 2h report -- Rscript report.R
  livinglock run dump -c 'pg_dump shop | gzip > shop.sql.gz'

A lock without a slash is a name: /run/livinglock/NAME.lock for root, ~/.local/state/livinglock/MACHINE/NAME.lock for other users,
elsewhere on macOS, on Windows and for users without a home folder; LIVINGLOCK_DIR sets another folder. It is the same folder
under cron, under systemd and in a terminal.

A number without a unit is seconds. What each exit code means: livinglock help exit-codes.`,
  isWrapper: true,
  otherOptions: OPTIONS_OF_FLOCK,
  tooMany({ wrapped, given }) {
    if (given.some(({ name }) => name === 'command')) return UNQUOTED;
    if (wrapped === null) return UNSEPARATED;
    return given.some(({ name }) => name === 'log') ? ONE_LOCK_AND_LOG : ONE_LOCK;
  },
  async run({ lock, ...values }, { wrapped }) {
    const command = commandOf(wrapped, values.command, NONE);
    const options = completeRunOptions(values);
    const { run } = await import('./run.js');
    return run(lock, command, options);
  },
});
