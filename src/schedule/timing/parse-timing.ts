import { ALL_MONTHS, nextRun, timesOf } from './calendar.js';
import { DAY_OF_MONTH, parseCronExpression, parseField, WEEKDAY } from './cron-expression.js';
import { type Days, InvalidTiming, parseSeconds, type Times, type Timing } from './timing.js';

/** What cron calls some times; crontab(5). */
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** A time of day, on all or some weekdays or days of the month, or a cron expression. */
export function parseAt(text: string): Timing {
  const words = text.trim().replaceAll(/\s+/g, ' ');
  const exact = NICKNAMES.get(words.toLowerCase()) ?? words;
  const times = exact.split(' ').length >= 3 ? parseCronExpression(exact) : parsePlain(exact);
  if (nextRun(times, new Date()) === null) throw new InvalidTiming('There is no such day in any year.');
  return { kind: 'at', times, words };
}

/** The next time for a text of `describeTiming`; `null` for an interval that is not a calendar time, and for any other text. */
export function nextOfDescribed(description: string, now: Date): Date | null {
  const [, kind, text = ''] = /^(every|at) (.+)$/.exec(description) ?? [];
  try {
    const timing: Timing = kind === 'every' ? { kind, seconds: parseSeconds(text) } : parseAt(text);
    const times = timesOf(timing);
    return times === null ? null : nextRun(times, now);
  } catch (error) {
    // Someone changed it by hand.
    if (error instanceof InvalidTiming) return null;
    throw error;
  }
}

function parsePlain(text: string): Times {
  const [, daysText, hour, minute] = /^(?:(\S+) )?([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined) {
    throw new InvalidTiming(
      'It must be a time such as 03:30, "mon-fri 03:30" or "1,15 03:30", or, for several times a day, a cron expression such as "0,30 3 * * *".',
    );
  }
  return {
    minutes: [Number(minute)],
    hours: [Number(hour)],
    days: daysText === undefined ? { by: 'any' } : parseDays(daysText),
    months: ALL_MONTHS,
  };
}

/** `mon-fri`, `sat,sun`; `1`, `1,15`, `1st,15th`. */
function parseDays(text: string): Days {
  if (/^[a-z]/i.test(text)) {
    const weekdays = parseField(text.replaceAll(/(sun|mon|tue|wed|thu|fri|sat)[a-z]*/gi, '$1'), WEEKDAY);
    return weekdays.length === 7 ? { by: 'any' } : { by: 'week', weekdays };
  }
  const days = parseField(text.replaceAll(/(\d)(?:st|nd|rd|th)\b/gi, '$1'), DAY_OF_MONTH);
  return days.length === 31 ? { by: 'any' } : { by: 'month', days };
}
