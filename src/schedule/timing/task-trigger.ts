import { refused } from '../schedule-error.js';
import { ALL_MONTHS, range } from './calendar.js';
import { DAY, type Days, describeTiming, MINUTE, type Times, type Timing, twoDigits } from './timing.js';

/** The most triggers that the Task Scheduler accepts for one task. */
const MOST_TRIGGERS = 48;
/** A day in the past, so that every trigger has begun. */
const START = '2024-01-01';
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** 1 is January. */
const MONTHS = [
  ...['', 'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'],
  ...['September', 'October', 'November', 'December'],
];

/** The triggers of a task: days use the calendar, everything else an endless repetition from a midnight in the past. */
export function triggersOf(timing: Timing): string {
  if (timing.kind === 'at') return calendarTriggers(timing.times);
  const { seconds } = timing;
  if (seconds % DAY === 0 && seconds <= 365 * DAY) {
    return calendarTrigger(
      '00:00',
      '',
      element('ScheduleByDay', `        <DaysInterval>${seconds / DAY}</DaysInterval>`),
    );
  }
  if (seconds < MINUTE || seconds > 31 * DAY) {
    throw refused(
      `The Task Scheduler cannot run a job ${describeTiming(timing)}: the shortest interval is 1m, the longest 365d, in whole days.`,
    );
  }
  return `    <TimeTrigger>
      <Repetition>
        <Interval>PT${seconds % MINUTE === 0 ? `${seconds / MINUTE}M` : `${seconds}S`}</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <StartBoundary>${START}T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>`;
}

function calendarTriggers({ minutes, hours, days, months }: Times): string {
  const schedule = scheduleOf(days, months);
  const times = hours.flatMap((hour) => minutes.map((minute) => 60 * hour + minute));
  const [first = 0, second = first] = times;
  const gap = second - first;
  if (times.length > 1 && times.every((time, index) => time === first + index * gap)) {
    // It ends between the last time and the one that would follow.
    const duration = 60 * gap * (times.length - 1) + 30 * gap;
    const repetition = element(
      'Repetition',
      `        <Interval>PT${gap}M</Interval>\n        <Duration>PT${duration}S</Duration>`,
    );
    return calendarTrigger(timeOf(first), `${repetition}\n`, schedule);
  }
  if (times.length <= MOST_TRIGGERS) {
    return times.map((time) => calendarTrigger(timeOf(time), '', schedule)).join('\n');
  }
  throw refused(
    `The Task Scheduler takes at most ${MOST_TRIGGERS} triggers for a task, and these would be ${times.length} times a day at uneven intervals. Give an interval (--every), or times at even intervals.`,
  );
}

function scheduleOf(days: Days, months: readonly number[]): string {
  const areAllMonths = months.length === ALL_MONTHS.length;
  switch (days.by) {
    case 'any':
      return areAllMonths
        ? element('ScheduleByDay', '        <DaysInterval>1</DaysInterval>')
        : byMonth(range(1, 31), months);
    case 'month':
      return byMonth(days.days, months);
    case 'week': {
      const weekdays = names('DaysOfWeek', days.weekdays, WEEKDAYS);
      if (areAllMonths) {
        return element('ScheduleByWeek', `        <WeeksInterval>1</WeeksInterval>\n${weekdays}`);
      }
      const weeks = ['1', '2', '3', '4', 'Last'].map((week) => `<Week>${week}</Week>`).join('');
      const inMonths = `        <Weeks>${weeks}</Weeks>\n${weekdays}\n${names('Months', months, MONTHS)}`;
      return element('ScheduleByMonthDayOfWeek', inMonths);
    }
    case 'either':
      throw refused(
        'The Task Scheduler cannot run a job on days that match either the day of the month or the weekday: it would start the job twice on a day that matches both. Restrict one of the two fields.',
      );
  }
}

function byMonth(days: readonly number[], months: readonly number[]): string {
  const list = days.map((day) => `<Day>${day}</Day>`).join('');
  return element(
    'ScheduleByMonth',
    `        <DaysOfMonth>${list}</DaysOfMonth>\n${names('Months', months, MONTHS)}`,
  );
}

function names(title: string, numbers: readonly number[], all: readonly string[]): string {
  return `        <${title}>${numbers.map((number) => `<${all[number]} />`).join('')}</${title}>`;
}

function element(title: string, content: string): string {
  return `      <${title}>\n${content}\n      </${title}>`;
}

function calendarTrigger(time: string, repetition: string, schedule: string): string {
  return `    <CalendarTrigger>
${repetition}      <StartBoundary>${START}T${time}:00</StartBoundary>
      <Enabled>true</Enabled>
${schedule}
    </CalendarTrigger>`;
}

function timeOf(minutes: number): string {
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}
