import fc from 'fast-check';
import { expect, it } from 'vitest';
import { STATUSES } from '../../../src/cli/check/check.js';
import { type Finding, type Limits, SEVERITIES } from '../../../src/cli/check/findings.js';
import { pluginLine } from '../../../src/cli/check/plugin-output.js';
import { DAY, HOUR } from '../../../support/world.js';
import { ago, NOW, ranBefore, someHistory, someHolder, someJob, someLock } from '../jobs/some-jobs.js';

const NONE: Limits = {
  maxAge: undefined,
  maxSkips: undefined,
  maxRuntime: undefined,
  onFailure: 'critical',
};

function textOf(checked: Parameters<typeof pluginLine>[0]): string | undefined {
  return pluginLine(checked, NONE, NOW).line.split(' | ')[0];
}

function job(name: string, ...findings: readonly Finding[]) {
  return { job: someJob({ name }), findings };
}

it('exits as plugins do', () => {
  expect(SEVERITIES.map((severity) => [severity, STATUSES[severity]])).toEqual([
    ['critical', 2],
    ['warning', 1],
    ['unknown', 3],
    ['ok', 0],
  ]);
});

it('names each lock with which something is wrong, the worst first; the worst decides', () => {
  const jobs = [
    job('a', { severity: 'unknown', text: 'no history' }),
    job('b', { severity: 'warning', text: 'old' }, { severity: 'critical', text: 'stalled' }),
    job('c', { severity: 'critical', text: 'failed' }, { severity: 'critical', text: 'dead' }),
    job('d'),
  ];
  expect(textOf(jobs)).toBe('CRITICAL: b: stalled; c: failed, dead; WARNING: b: old; UNKNOWN: a: no history');
  expect(pluginLine(jobs, NONE, NOW).severity).toBe('critical');
  expect(pluginLine(jobs.slice(0, 1), NONE, NOW).severity).toBe('unknown');
  expect(pluginLine(jobs.slice(3), NONE, NOW).severity).toBe('ok');
});

it('says what is well', () => {
  const live = { job: someJob({ lock: someLock('live') }), findings: [] };
  expect(textOf([job('backup')])).toBe('OK: backup');
  expect(textOf([live])).toBe('OK: backup, at work');
  expect(textOf([job('a'), job('b')])).toBe('OK: 2 locks');
  expect(textOf([job('a'), live])).toBe('OK: 2 locks, 1 at work');
});

it('adds performance data, with the limits', () => {
  const holder = someHolder({ acquiredAt: ago(1500) });
  const history = someHistory({
    runs: [ranBefore(HOUR)],
    skips: { count: 3, first: NOW, last: NOW },
  });
  const checked = [{ job: someJob({ lock: someLock('live', { holder }), history }), findings: [] }];
  const limits: Limits = {
    ...NONE,
    maxAge: { warning: HOUR, critical: DAY },
    maxSkips: { warning: null, critical: 10 },
  };
  expect(pluginLine(checked, limits, NOW).line.split(' | ')[1]).toBe(
    "'backup age'=3600s;3600;86400;0 'backup runtime'=2s;;;0 'backup skips'=3;;10;0",
  );
  const unreadable = [{ job: someJob({ lock: null, history: null }), findings: [] }];
  expect(pluginLine(unreadable, NONE, NOW).line).toBe('OK: backup');
});

it('is one line with one bar, whatever a lock is called', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, (name, reason) => {
      const { line } = pluginLine([job(name, { severity: 'critical', text: reason })], NONE, NOW);
      expect(line).not.toMatch(/[\r\n\0]/);
      const [, data = '', ...more] = line.split('|');
      expect(more).toEqual([]);
      expect(data.trim().replaceAll(/'(?:[^'=]|'')+'=\d+s?;\d*;\d*;0/g, 'datum')).toBe('datum datum datum');
    }),
    { examples: [["a'b=c|d", 'x|y\nz']] },
  );
});
