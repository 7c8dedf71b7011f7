import { defineCommand } from '../grammar/command-definition.js';
import type { Options } from '../grammar/option.js';
import { STORE_OPTION } from '../stores/store-option.js';
import { parseCountLimit, parseDurationLimit } from './limits.js';

const OPTIONS = {
  maxAge: {
    flags: '--max-age <limit>',
    description: 'how long ago the last success may be',
    parse: parseDurationLimit,
  },
  maxSkips: {
    flags: '--max-skips <limit>',
    description: 'how many attempts in a row may be skipped',
    parse: parseCountLimit,
  },
  maxRuntime: {
    flags: '--max-runtime <limit>',
    description: 'how long the current run may take',
    parse: parseDurationLimit,
  },
  onFailure: {
    flags: '--on-failure <severity>',
    description: 'the severity if the last run did not succeed, or is dead',
    choices: ['critical', 'warning', 'ok'],
    default: { value: 'critical' },
  },
  store: STORE_OPTION,
} as const satisfies Options;

export const CHECK = defineCommand({
  name: 'check',
  summary: 'tell a monitoring system whether jobs are healthy',
  description:
    'Checks the given locks, or all that exist or have a history, and prints one line that names each lock with a problem, as plugins of Nagios, Icinga and others do. A single limit, such as 26h, is critical; of two, such as 26h,50h, the first is a warning.',
  options: OPTIONS,
  operands: { locks: { term: '[lock...]', description: 'locks: names, or paths' } },
  notes: `Examples:
  livinglock check --max-age 26h backup
  livinglock check --max-age 2h,6h --max-skips 10 --max-runtime 1h import report
  livinglock check --on-failure warning

Exits with 0 (OK), 1 (WARNING), 2 (CRITICAL), or 3 (UNKNOWN: a lock has no history, something cannot be read, or an
option is wrong). A stalled lock is always critical.`,
  async explain(error) {
    const { explain } = await import('./check.js');
    return explain(error);
  },
  async run({ locks, store, ...limits }) {
    const { check } = await import('./check.js');
    return check(locks, limits, store);
  },
});
