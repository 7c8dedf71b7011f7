import { describe, expect, it } from 'vitest';
import { entryFrom, headerFrom, headerLine, runLine, skipsLine } from '../../src/history/journal-line.js';
import { JOB, NOON, someRun } from './some-runs.js';

describe('a line of a journal', () => {
  it.each([
    someRun(),
    someRun({
      id: null,
      store: 'PostgreSQL at db.internal/shop',
      outcome: 'killed',
      exitCode: null,
      signal: 'SIGKILL',
      reason: 'its process does not exist',
      progress: { ratio: null, note: 'table 4 of 10' },
      takenOverFrom: { id: 'b', pid: 17, host: 'db-2', state: 'dead', reason: 'its process does not exist' },
      output: '/var/log/backup.log',
      isReported: true,
    }),
  ])('says the same when it is read', (run) => {
    const line = runLine(run);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(entryFrom(line.trim())).toEqual({ is: 'run', run: { ...run, skips: 0 }, line: line.trim() });
  });

  it('leaves out what is not known', () => {
    expect(runLine(someRun({ signal: null, owner: null }))).not.toMatch(/null|signal|owner|isReported/);
  });

  it('cuts long texts, so that its size is bounded', () => {
    const long = 'x'.repeat(100_000);
    const run = someRun({
      command: long,
      reason: long,
      cwd: long,
      user: long,
      progress: { ratio: 0, note: long },
    });
    expect(runLine(run).length).toBeLessThan(4096);
    expect(entryFrom(runLine(run))).toMatchObject({ run: { cwd: expect.stringMatching(/^x{200,}…$/) } });
  });

  it('may come from a later version, with more keys', () => {
    const line = runLine(someRun()).replace('{', '{"cpu":{"user":12},');
    expect(entryFrom(line)).toMatchObject({ is: 'run', run: someRun() });
  });

  it.each([
    ['an outcome that is not known', '"succeeded"', '"paused"'],
    ['no time that can be read', '2026-11-26T12:00:00.000Z', 'noon'],
    ['no lock', '"lock"', '"lox"'],
  ])('is kept, but not shown, with %s', (_what, from, to) => {
    const line = runLine(someRun()).trim().replace(from, to);
    expect(entryFrom(line)).toEqual({ is: 'unknown', line });
  });

  it.each([
    '',
    '{"lock":"/run/li',
    '\0\0\0\0',
    '[]',
    '42',
    'null',
    `{"x":"${'x'.repeat(70_000)}"}`,
    '['.repeat(20_000),
  ])('is garbage if it is nothing of ours (%#)', (line) => {
    expect(entryFrom(line)).toEqual({ is: 'garbage' });
  });

  it('takes strange values for unknown ones', () => {
    const line = runLine(someRun())
      .replace('"pid":4242', '"pid":-1')
      .replace('"exitCode":0', '"exitCode":"0","signal":"SIG\\u001b[31m"')
      .replace('"durationMs":60000', '"durationMs":-5');
    expect(entryFrom(line)).toMatchObject({
      run: { pid: null, exitCode: null, signal: null, duration: 60_000 },
    });
  });

  it('counts skips', () => {
    const skips = { count: 3, first: NOON, last: new Date(NOON.getTime() + 1) };
    expect(entryFrom(skipsLine(skips).trim())).toEqual({ is: 'skips', skips });
  });
});

describe('the first line of a journal', () => {
  it('names the lock and the store', () => {
    const header = { lock: JOB, store: null, keptBytes: 17, oldest: NOON };
    expect(headerFrom(headerLine(header))).toEqual(header);
    expect(headerFrom(headerLine({ ...header, store: 'Redis' }))).toMatchObject({ store: 'Redis' });
  });

  it.each(['name,price', '{}', '{"livinglock":"history"}', '{"livinglock":"log","lock":"x"}', ''])(
    'is not that of a file of somebody else: %s',
    (line) => {
      expect(headerFrom(line)).toBeNull();
    },
  );
});
