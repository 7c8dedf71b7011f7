import { defineCommand } from '../grammar/command-definition.js';
import { STORE_OPTION } from '../stores/store-option.js';

export const STATUS = defineCommand({
  name: 'status',
  summary: 'show who holds which lock',
  description:
    'Shows who holds each lock, since when, its progress, and how the last run ended, for the given locks, or for all named locks of this user that are held or have a history.',
  options: {
    json: { flags: '--json', description: 'print JSON, as described in docs/status.schema.json' },
    watch: {
      flags: '--watch',
      description:
        'repeat until Ctrl-C: refresh in place on a terminal, otherwise print again at each change',
    },
    store: STORE_OPTION,
  },
  operands: { locks: { term: '[lock...]', description: 'locks: names, or paths' } },
  notes: `Examples:
  livinglock status
  livinglock status --watch backup /var/lib/importer/nightly.lock
  livinglock status --json | jq -r '.[] | select(.state == "stalled") | .pid'

Exits with 1 if a given lock is free, with 3 if a lock is stalled or dead, with 73 if one cannot be read or is not a
lock, and otherwise with 0. If several apply, the highest counts. With --json --watch, each change is an array on one line.`,
  async run({ locks, ...options }) {
    const { status } = await import('./status.js');
    return status(locks, options);
  },
});
