import type { Days, Times } from './times.js';

/** The longest gap between two 29 Februaries is eight years. */
const YEARS = 9;

/** The first of these times that is later, in local time; `null` without one, as for 30 February. */
export function nextRun(times: Times, after: Date): Date | null {
  const last = after.getFullYear() + YEARS;
  const day = new Date(after.getFullYear(), after.getMonth(), after.getDate());
  for (; day.getFullYear() < last; day.setDate(day.getDate() + 1)) {
    if (!isOn(day, times)) continue;
    for (const hour of times.hours) {
      for (const minute of times.minutes) {
        const time = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute);
        if (time > after) return time;
      }
    }
  }
  return null;
}

function isOn(day: Date, { months, days }: Times): boolean {
  return months.includes(day.getMonth() + 1) && isOneOf(day, days);
}

function isOneOf(day: Date, days: Days): boolean {
  switch (days.by) {
    case 'any':
      return true;
    case 'month':
      return days.days.includes(day.getDate());
    case 'week':
      return days.weekdays.includes(day.getDay());
    case 'either':
      return days.days.includes(day.getDate()) || days.weekdays.includes(day.getDay());
  }
}
