import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { launchd } from '../../src/schedule/schedulers/launchd.js';
import { taskScheduler } from '../../src/schedule/schedulers/task-scheduler.js';
import { nextRun } from '../../src/schedule/timing/calendar.js';
import { formatCronExpression } from '../../src/schedule/timing/cron-expression.js';
import { onCalendar } from '../../src/schedule/timing/on-calendar.js';
import { parseAt } from '../../src/schedule/timing/parse-timing.js';
import { describeTiming, type Times } from '../../src/schedule/timing/timing.js';
import { FakePrograms, isInstalled, refusalOf, someJob } from './support.js';

/** The input, and its form for cron and systemd. */
const CASES: readonly (readonly [at: string, cron: string, systemd: readonly string[]])[] = [
  ['03:30', '30 3 * * *', ['*-*-* 03:30:00']],
  ['mon-fri 03:30', '30 3 * * 1-5', ['Mon..Fri *-*-* 03:30:00']],
  ['Sunday 4:00', '0 4 * * 0', ['Sun *-*-* 04:00:00']],
  ['fri-mon 04:00', '0 4 * * 0-1,5-6', ['Mon,Fri..Sun *-*-* 04:00:00']],
  ['mon,wed 04:00', '0 4 * * 1,3', ['Mon,Wed *-*-* 04:00:00']],
  ['1st,15th 03:30', '30 3 1,15 * *', ['*-*-01,15 03:30:00']],
  ['1-7,31 03:30', '30 3 1-7,31 * *', ['*-*-01..07,31 03:30:00']],
  ['*/20 9-17 * * mon-fri', '*/20 9-17 * * 1-5', ['Mon..Fri *-*-* 09..17:00/20:00']],
  ['7,37 * * JAN,jun-8 *', '7,37 * * 1,6-8 *', ['*-01,06..08-* *:07,37:00']],
  ['0 0 1-31/10 * *', '0 0 1,11,21,31 * *', ['*-*-01,11,21,31 00:00:00']],
  ['0 0 29 2 *', '0 0 29 2 *', ['*-02-29 00:00:00']],
  ['@hourly', '0 * * * *', ['*-*-* *:00:00']],
  ['@Daily', '0 0 * * *', ['*-*-* 00:00:00']],
  ['@midnight', '0 0 * * *', ['*-*-* 00:00:00']],
  ['@weekly', '0 0 * * 0', ['Sun *-*-* 00:00:00']],
  ['@monthly', '0 0 1 * *', ['*-*-01 00:00:00']],
  ['@yearly', '0 0 1 1 *', ['*-01-01 00:00:00']],
  ['@annually', '0 0 1 1 *', ['*-01-01 00:00:00']],
  ['0 6 * * 5-7', '0 6 * * 0,5-6', ['Fri..Sun *-*-* 06:00:00']],
  // cron runs it on each day that matches either field. systemd requires both, so it gets two expressions.
  ['0 6 1 * 1', '0 6 1 * 1', ['*-*-01 06:00:00', 'Mon *-*-* 06:00:00']],
  // The weekday is not a star, so for cron each day matches.
  ['0 6 1 * 0-6', '0 6 * * *', ['*-*-* 06:00:00']],
];

function timesOf(at: string): Times {
  const timing = parseAt(at);
  if (timing.kind !== 'at') throw new Error('Not by the calendar');
  return timing.times;
}

describe('a time', () => {
  it.each(CASES)('%s is "%s" for cron and %j for systemd', (at, cron, systemd) => {
    expect(formatCronExpression(timesOf(at))).toBe(cron);
    expect(onCalendar(parseAt(at))).toEqual(systemd);
    expect(describeTiming(parseAt(at))).toBe(`at ${at}`);
  });

  it.skipIf(!isInstalled('systemd-analyze', '--version')).each(CASES)(
    '%s comes when systemd-analyze says, if it is installed',
    (at, _, expressions) => {
      const from = '2026-01-30 12:34:00 UTC';
      const args = ['calendar', '--iterations=40', `--base-time=${from}`, ...expressions];
      const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
      const output = execFileSync('systemd-analyze', args, { env, encoding: 'utf8' });
      const theirs = [...output.matchAll(/(?:Next elapse|Iter\. #\d+): \S+ (\S+ \S+) UTC/g)].map(
        ([, time]) => `${time}`,
      );
      const expected = [...new Set(theirs)].sort().slice(0, 40);
      expect(expected).toHaveLength(40);
      expect(comingOf(timesOf(at), new Date(2026, 0, 30, 12, 34), expected.length)).toEqual(expected);
    },
  );

  it.each([
    ['24:00', /such as 03:30, "mon-fri 03:30"/],
    ['noon', /such as 03:30/],
    ['mon-fri', /such as 03:30/],
    ['32 03:30', /day of the month "32" is neither a number from 1 to 31/],
    ['1-0 03:30', /day of the month "1-0"/],
    ['moon 03:30', /weekday "moon" is neither/],
    ['weekdays 03:30', /weekday "weekdays" is neither/],
    ['* * * *', /five fields: minute, hour, day of the month, month, weekday/],
    ['0 0 * * * *', /five fields/],
    ['60 0 * * *', /minute "60"/],
    ['*/0 0 * * *', /minute "\*\/0"/],
    ['5/2 0 * * *', /minute "5\/2"/],
    ['0 0 30 2 *', /no such day in any year/],
    ['0 0 */2 * 1', /different days in different versions of cron\. Name the days/],
  ])('%s is refused', (at, message) => {
    expect(() => parseAt(at)).toThrow(message);
  });
});

describe('days that match either the day of the month or the weekday', () => {
  it.each([
    ['launchd', launchd(new FakePrograms().run, '/Users/me', 501)],
    ['the Task Scheduler', taskScheduler(new FakePrograms().run)],
  ])('are refused by %s, which cannot express them', (_, installer) => {
    const job = someJob({ timing: parseAt('0 6 1 * 1') });
    expect(refusalOf(() => installer.configure(job))).toMatch(
      /^refused: .* cannot run a job on days that match either/,
    );
  });
});

describe('triggers of the Task Scheduler', () => {
  const triggersOf = (at: string) =>
    taskScheduler(new FakePrograms().run)
      .configure(someJob({ timing: parseAt(at) }))
      .text.replaceAll(/\s*\n\s*/g, '');

  it.each([
    [
      'mon-fri 03:30',
      'T03:30:00</StartBoundary>',
      /<ScheduleByWeek>.*<DaysOfWeek><Monday \/>.*<Friday \/><\/DaysOfWeek>/,
    ],
    [
      '1,15 03:30',
      'T03:30:00</StartBoundary>',
      /<DaysOfMonth><Day>1<\/Day><Day>15<\/Day><\/DaysOfMonth><Months><January \/>/,
    ],
    [
      '0 0 * 2 1',
      '<ScheduleByMonthDayOfWeek>',
      /<Week>Last<\/Week>.*<Monday \/>.*<Months><February \/><\/Months>/,
    ],
    [
      '*/20 9-17 * * *',
      'T09:00:00</StartBoundary>',
      /<Interval>PT20M<\/Interval><Duration>PT31800S<\/Duration>/,
    ],
  ])('for %s', (at, start, days) => {
    expect(triggersOf(at)).toContain(start);
    expect(triggersOf(at)).toMatch(days);
  });

  it('are one for each time of day if these are uneven, up to 48', () => {
    expect(triggersOf('0,7 9,12 * * *').match(/<CalendarTrigger>/g)).toHaveLength(4);
    expect(refusalOf(() => triggersOf('0,7 * * * *'))).toBe('not refused');
    expect(refusalOf(() => triggersOf('0,7,9 * * * *'))).toMatch(/^refused: .*48 triggers.*72 times/);
  });
});

/** In local time, as systemd-analyze writes them. */
function comingOf(times: Times, after: Date, count: number): string[] {
  const coming: string[] = [];
  for (let time: Date | null = after; coming.length < count; ) {
    time = nextRun(times, time);
    if (time === null) break;
    const local = new Date(time.getTime() - 60_000 * time.getTimezoneOffset());
    coming.push(local.toISOString().slice(0, 19).replace('T', ' '));
  }
  return coming;
}
