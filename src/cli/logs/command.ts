import { defineCommand } from '../grammar/command-definition.js';
import { parseCount } from '../grammar/parse-value.js';
import { STORE_OPTION } from '../stores/store-option.js';

export const LOGS = defineCommand({
  name: 'logs',
  summary: 'show the output of a run',
  description:
    'Prints the output of the last run of a lock, byte for byte. `livinglock run --log` keeps the output. If runs append it to one file (`--log=FILE`), prints that file.',
  options: {
    run: {
      flags: '--run <number>',
      description: 'which run: the last (1), the one before it (2), and so on',
      parse: parseCount,
      default: { value: 1, name: '1' },
    },
    follow: {
      flags: '-f, --follow',
      description: 'if the run is still going, print its output as it is written, until the run ends',
    },
    store: STORE_OPTION,
  },
  operands: { lock: { term: '<lock>', description: 'the lock: a name, or a path' } },
  notes: `Examples:
  livinglock logs backup
  livinglock logs --run 2 backup | less
  livinglock logs -f backup

To list the runs, and how they ended: livinglock history.`,
  tooMany: () =>
    'The output of several locks would get mixed up. Name one: livinglock logs LOCK. To list the locks: livinglock history.',
  async run({ lock, ...options }) {
    const { logs } = await import('./logs.js');
    return logs(lock, options);
  },
});
