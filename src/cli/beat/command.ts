import { defineCommand } from '../grammar/command-definition.js';
import { BEAT_OPTIONS, beat } from './beat.js';

export const BEAT = defineCommand({
  name: 'beat',
  summary: 'send a heartbeat from inside a command',
  description:
    'Sends a heartbeat from inside a command that `livinglock run` has started. Exits with 76 if the lock was lost: then the command must stop.',
  options: BEAT_OPTIONS,
  operands: {},
  notes: `Examples:
  for table in $tables; do
    dump "$table"
    "$LIVINGLOCK" beat --note "$table" || exit
  done

\`livinglock run\` sets LIVINGLOCK to a path by which the command can call livinglock,
even if PATH does not include it, as under cron.

Each call starts a program and writes a heartbeat. In a fast loop, call it about once a second.`,
  tooMany: () => '`livinglock beat` takes no lock: it uses that of the `livinglock run` that it runs under.',
  run: beat,
});
