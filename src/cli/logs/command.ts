import { defineCommand } from '../grammar/command.js';
import { parseCount } from '../grammar/parse-count.js';
import { STORE_OPTION } from '../stores/store-option.js';

export const LOGS = defineCommand({
  name: 'logs',
  summary: 'show what a run has written',
  description:
    'Prints the output of the last run under a lock that keeps it, byte for byte. `livinglock run --log` keeps it.',
  options: {
    run: {
      flags: '--run <number>',
      description: 'not of the last run, but of the one before (2), and so on',
      parse: parseCount,
      default: { value: 1, name: '1' },
    },
    follow: {
      flags: '-f, --follow',
      description: 'if the run is at work, print what it goes on writing, until it ends',
    },
    store: STORE_OPTION,
  },
  operands: { lock: { term: '<lock>', description: 'the lock: a name, or a path' } },
  notes: `Examples:
  livinglock logs backup
  livinglock logs --run 2 backup | less
  livinglock logs -f backup

Which runs there were, and how they ended: livinglock history.`,
  tooMany: () =>
    'The output of several locks would get mixed up. Name one: livinglock logs LOCK. Those with a history: livinglock history.',
  async run({ lock, ...options }) {
    const { logs } = await import('./logs.js');
    return logs(lock, options);
  },
});
