import { defineCommand } from '../grammar/command-definition.js';
import { matching, parseCount, parsePositiveDuration } from '../grammar/parse-value.js';

export const HISTORY = defineCommand({
  name: 'history',
  summary: 'show what ran under which lock',
  description:
    'Shows the runs of the given locks, or of all that have a history, the newest last. `livinglock run` records runs under locks that are names; see its option --history.',
  options: {
    last: {
      flags: '--last <number>',
      description: 'show this many runs of each lock (default: 20, or all with --since or --html)',
      parse: parseCount,
    },
    since: {
      flags: '--since <time>',
      description: 'show only runs that ended within this time',
      parse: parsePositiveDuration,
    },
    failed: { flags: '--failed', description: 'show only runs that did not succeed' },
    json: { flags: '--json', description: 'print JSON, as described in docs/history.schema.json' },
    html: {
      flags: '--html <file>',
      description: 'write a page for the browser; - is standard output',
      parse: matching(/./s, 'Name a file.'),
      conflicts: ['json', 'failed'],
    },
  },
  otherOptions: new Map([
    ['--store', 'It is not needed: the history is on this machine, wherever the locks are.'],
  ]),
  operands: { locks: { term: '[lock...]', description: 'locks: names, or paths' } },
  notes: `Examples:
  livinglock history
  livinglock history --last 100 backup
  livinglock history --failed --since 7d
  livinglock history --html history.html
  livinglock history --json --since 7d | jq '.[] | .usualDurationMs as $usual | .runs[] | select($usual != null and .durationMs > 2 * $usual)'

LIVINGLOCK_HISTORY names another folder for the history; an empty value turns it off for \`livinglock run\`.`,
  async run({ locks, ...selection }) {
    const { history } = await import('./history.js');
    const { html, since } = selection;
    const usual = html === undefined && since === undefined ? 20 : Number.POSITIVE_INFINITY;
    return history(locks, { ...selection, last: selection.last ?? usual });
  },
});
