import { defineCommand } from '../grammar/command-definition.js';
import { matching } from '../grammar/parse-value.js';
import { STORE_OPTION } from '../stores/store-option.js';

export const METRICS = defineCommand({
  name: 'metrics',
  summary: 'print metrics of locks and their runs for Prometheus',
  description:
    'Prints OpenMetrics text about the given locks, or all that exist or have a history, and about how their runs ended.',
  options: {
    textfile: {
      flags: '--textfile <path>',
      description:
        "write the text atomically to this file, for node_exporter's textfile collector; the name must end with .prom",
      parse: matching(/\.prom$/, 'The collector reads only files whose names end with .prom.'),
    },
    store: STORE_OPTION,
  },
  operands: { locks: { term: '[lock...]', description: 'locks: names, or paths' } },
  notes: `Examples:
  livinglock metrics
  livinglock metrics --textfile /var/lib/prometheus/node-exporter/livinglock.prom

If something cannot be read, it exits with 73, and livinglock_up is 0.`,
  async run({ locks, textfile, store }) {
    const { metrics } = await import('./metrics.js');
    return metrics(locks, textfile, store);
  },
});
