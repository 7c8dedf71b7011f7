import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHistory } from 'livinglock/history';
import { describe, expect, test } from 'vitest';
import { pages } from '../support/docs/pages.js';
import { isPosix } from '../support/machine.js';
import { type ReadFamily, readOpenMetrics } from '../support/prometheus/open-metrics.js';
import {
  complaintsAboutMetrics,
  complaintsAboutOpenMetrics,
  complaintsAboutRules,
  complaintsOfRuleTests,
  hasPromtool,
} from '../support/prometheus/promtool.js';
import { Desk, oneLineWith } from './support/desk.js';

// `livinglock metrics`, as Prometheus reads it, and the alerts of docs/recipes/monitoring.md.

/** The values of one metric by lock. */
function byLock(metrics: ReadonlyMap<string, ReadFamily>, name: string): Readonly<Record<string, number>> {
  const values = metrics.get(`livinglock_${name}`)?.values ?? new Map<string, number>();
  return Object.fromEntries([...values].map(([labels, value]) => [JSON.parse(labels).lock, value]));
}

function sampleOf(
  metrics: ReadonlyMap<string, ReadFamily>,
  name: string,
  wanted: object,
): number | undefined {
  const values = metrics.get(`livinglock_${name}`)?.values ?? new Map<string, number>();
  return [...values].find(([labels]) => {
    const found = Object.entries<string>(JSON.parse(labels));
    return Object.entries(wanted).every(([label, value]) =>
      found.some(([each, text]) => each === label && text === value),
    );
  })?.[1];
}

async function metricsOf(desk: Desk, ...args: readonly string[]) {
  const { code, stdout, stderr } = await desk.run(['metrics', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readOpenMetrics(stdout);
}

describe.skipIf(!isPosix)('metrics', () => {
  test('tell how runs ended, and what is at work', async () => {
    const desk = new Desk();
    const begun = Date.now() / 1000;
    await desk.run(['run', 'backup', '--', 'true']);
    await desk.run(['run', 'backup', '--', 'false']);
    await desk.live('import');
    await desk.run(['run', 'import', '--', 'true']);
    const metrics = await metricsOf(desk);

    expect(byLock(metrics, 'held')).toEqual({ backup: 0, import: 1 });
    expect(sampleOf(metrics, 'state', { lock: 'import', state: 'live' })).toBe(1);
    expect(sampleOf(metrics, 'runs', { lock: 'backup', outcome: 'succeeded' })).toBe(1);
    expect(sampleOf(metrics, 'runs', { lock: 'backup', outcome: 'failed' })).toBe(1);
    expect(byLock(metrics, 'last_run_succeeded')).toEqual({ backup: 0 });
    expect(byLock(metrics, 'skips_since_last_run')).toEqual({ backup: 0, import: 1 });
    expect(byLock(metrics, 'last_success_timestamp_seconds')).toEqual({
      backup: expect.closeTo(begun, -3),
    });
    expect(byLock(metrics, 'acquired_timestamp_seconds')).toEqual({ import: expect.closeTo(begun, -3) });
  });

  test('are those of the locks that are named', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    const metrics = await metricsOf(desk, 'never', 'never');
    expect(byLock(metrics, 'held')).toEqual({ never: 0 });
    expect(byLock(metrics, 'skips')).toEqual({ never: 0 });
  });

  test('name the database', async () => {
    const desk = new Desk();
    const store = ['--store', `sqlite:${desk.folder}/locks.db`];
    await desk.run(['run', '--history', ...store, 'import', '--', 'true']);
    const metrics = await metricsOf(desk, ...store);
    const labels = { lock: 'import', store: expect.stringContaining(`${desk.folder}/locks.db`) };
    const [found] = [...(metrics.get('livinglock_last_run_succeeded')?.values.keys() ?? [])];
    expect(JSON.parse(found ?? '{}')).toMatchObject(labels);
  });

  test('say so if something cannot be read, and what can be', async () => {
    const desk = new Desk();
    await desk.live('import');
    const env = { LIVINGLOCK_HISTORY: '/dev/null' };
    const { code, stdout, stderr } = await desk.run(['metrics', 'import'], env);
    expect({ code, stderr }).toEqual({ code: 73, stderr: oneLineWith('Cannot use the history of') });
    const metrics = readOpenMetrics(stdout);
    expect(sampleOf(metrics, 'up', {})).toBe(0);
    expect(byLock(metrics, 'held')).toEqual({ import: 1 });
    const gone = await desk.run(['metrics', '--store', `sqlite:${desk.folder}/gone.db`]);
    expect(gone).toMatchObject({ code: 73, stderr: oneLineWith('gone.db') });
    const left = readOpenMetrics(gone.stdout);
    expect([...left.keys()]).toEqual(['livinglock_up']);
    expect(sampleOf(left, 'up', { store: `the SQLite database ${desk.folder}/gone.db` })).toBe(0);
  });

  test('of 50 locks are complete', async () => {
    const desk = new Desk();
    const history = openHistory({ folder: desk.history });
    const names = Array.from({ length: 50 }, (_, index) => `job-${index}`);
    for (const name of names)
      await history.record({ lock: desk.path(name), outcome: 'succeeded', startedAt: new Date() });
    const metrics = await metricsOf(desk);
    expect(Object.keys(byLock(metrics, 'last_run_succeeded')).toSorted()).toEqual(names.toSorted());
    expect(metrics.get('livinglock_runs')?.values.size).toBe(50 * 8);
  });

  test('are refused under a name that the collector does not read', async () => {
    const desk = new Desk();
    const { code, stdout, stderr } = await desk.run(['metrics', '--textfile', 'metrics.txt']);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toEqual(oneLineWith('end with .prom'));
    expect(existsSync(join(desk.folder, 'metrics.txt'))).toBe(false);
  });

  test('are put in a file, in the place of the last ones, and never in that of another file', async () => {
    const desk = new Desk();
    const file = join(desk.folder, 'livinglock.prom');
    const write = () => desk.bash(`umask 077; livinglock metrics --textfile ${file}`);
    await desk.run(['run', 'backup', '--', 'true']);
    expect(await write()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await desk.run(['run', 'backup', '--', 'true']);
    expect(await write()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const metrics = readOpenMetrics(readFileSync(file, 'utf8'));
    expect(sampleOf(metrics, 'runs', { outcome: 'succeeded' })).toBe(2);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    writeFileSync(file, 'node_something 1\n');
    expect(await write()).toMatchObject({ code: 73, stdout: '', stderr: oneLineWith('not replaced') });
    expect(readFileSync(file, 'utf8')).toBe('node_something 1\n');
    expect(readdirSync(desk.folder).filter((each) => each.includes('.prom'))).toEqual(['livinglock.prom']);
  });
});

describe.skipIf(!hasPromtool || !isPosix)('Prometheus', () => {
  test('reads the metrics as both formats, and finds nothing to complain about', async () => {
    const desk = new Desk();
    const names = ['backup', 'a"b\\c', 'two\nlines', 'テーブル'];
    for (const name of names) await desk.run(['run', name, '--', 'true']);
    await desk.stalled('stalled');
    const beat = '"$LIVINGLOCK" beat --progress 0.4; echo at work; exec sleep 1000';
    const live = desk.start(['run', '--heartbeat', 'manual', 'live', '-c', beat]);
    await live.prints(/at work/);
    const { stdout } = await desk.run(['metrics']);
    live.signal('SIGTERM');
    await live.ended;
    expect(byLock(readOpenMetrics(stdout), 'held')).toMatchObject({ live: 1, 'two\nlines': 0 });
    expect(byLock(readOpenMetrics(stdout), 'progress_ratio')).toMatchObject({ live: 0.4 });
    expect(complaintsAboutMetrics(stdout)).toBe('');
    expect(complaintsAboutOpenMetrics(stdout)).toBe('');
  });

  test('would complain of what is no such text', () => {
    expect(complaintsAboutMetrics('# TYPE a_total gauge\na_total 1\n')).not.toBe('');
    expect(complaintsAboutOpenMetrics('# TYPE a gauge\na{b=c} 1\n# EOF\n')).not.toBe('');
    expect(complaintsAboutOpenMetrics('# TYPE a gauge\na 1\n')).not.toBe('');
    expect(
      complaintsAboutRules('groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: a >\n'),
    ).not.toBe('');
  });
});

describe('the alerts of the documentation', () => {
  const page = pages.find(({ path }) => path === 'docs/recipes/monitoring.md');
  const rules = page?.blocks.find(({ language }) => language === 'yaml')?.code ?? '';

  test.skipIf(!isPosix)('ask for metrics that there are', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    await desk.live('import');
    const metrics = await metricsOf(desk);
    const wanted = [...rules.matchAll(/\blivinglock_\w+/g)].map(([name]) => name);
    expect(wanted.length).toBeGreaterThan(5);
    expect(wanted.filter((name) => !metrics.has(name))).toEqual([]);
  });

  test.skipIf(!hasPromtool)('can be read by Prometheus', () => {
    expect(complaintsAboutRules(rules)).toBe('');
  });

  test.skipIf(!hasPromtool)('ring when they should', () => {
    expect(complaintsOfRuleTests(rules, RULE_TESTS)).toBe('');
    expect(complaintsOfRuleTests(rules, RULE_TESTS.replace('eval_time: 27h', 'eval_time: 1h'))).not.toBe('');
  });
});

/** Minute by minute: a nightly job that succeeded at the beginning, one that is skipped, and one that stalls after ten minutes. */
const RULE_TESTS = `
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: livinglock_last_success_timestamp_seconds{lock="nightly"}
        values: 0x2000
      - series: livinglock_skips_since_last_run{lock="import"}
        values: 0+1x2000
      - series: livinglock_state{lock="report",state="stalled"}
        values: 0x10 1x2000
      - series: livinglock_acquired_timestamp_seconds{lock="import"}
        values: 0x2000
      - series: livinglock_usual_duration_seconds{lock="import"}
        values: 600x2000
    alert_rule_test:
      - { alertname: JobNotDone, eval_time: 26h }
      - alertname: JobNotDone
        eval_time: 27h
        exp_alerts: [{ exp_labels: { lock: nightly } }]
      - { alertname: JobSkipped, eval_time: 10m }
      - alertname: JobSkipped
        eval_time: 11m
        exp_alerts: [{ exp_labels: { lock: import } }]
      - { alertname: JobStalled, eval_time: 20m }
      - alertname: JobStalled
        eval_time: 30m
        exp_alerts: [{ exp_labels: { lock: report, state: stalled } }]
      - { alertname: JobTakesTooLong, eval_time: 40m }
      - alertname: JobTakesTooLong
        eval_time: 41m
        exp_alerts: [{ exp_labels: { lock: import } }]
      - { alertname: JobNeverDone, eval_time: 30h }
`;
