import { formatClock } from '../../terminal/local-time.js';
import type { Period } from './scale.js';

// Round values for an axis: times in the time zone of this process, and durations.

export interface Tick {
  readonly value: number;
  readonly label: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** By how much clocks are set back or forward at most, when summer time begins and ends. */
const LONGEST_SHIFT = 2 * HOUR;

/** Steps below a day divide the day, and those in days begin at the first of a month. */
const TIME_STEPS = [
  ...[SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND],
  ...[MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR],
];
const DAY_STEPS = [1, 2, 5, 10, 15];
const MONTH_STEPS = [1, 3, 6, 12, 24, 60, 120];

const DURATION_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND],
  ...[30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR],
  ...[2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY],
];

/** Round local times in a period, by the smallest step that gives no more than `most`. */
export function timeTicks(period: Period, most: number): Tick[] {
  const length = period.to - period.from;
  const step = TIME_STEPS.find((each) => length / each <= most);
  if (step !== undefined) return ticksOf(withinDays(period, step), period, clockLabel(step));
  const days = DAY_STEPS.find((each) => length / (each * DAY) <= most);
  if (days !== undefined) return ticksOf(daysOf(period, days), period, dayLabel);
  const months = MONTH_STEPS.find((each) => length / (each * 30 * DAY) <= most) ?? 1200;
  return ticksOf(monthsOf(period, months), period, monthLabel);
}

/** Round durations from 0 to at most `top`. */
export function durationTicks(top: number, most: number): number[] {
  const step = DURATION_STEPS.find((each) => top / each <= most) ?? roundStep(top / most);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

/** For steps beyond the list: 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function ticksOf(times: Iterable<Date>, { from, to }: Period, label: (time: Date) => string): Tick[] {
  return [...times]
    .map((time) => ({ value: time.getTime(), label: label(time) }))
    .filter(({ value }) => value >= from && value <= to);
}

/** By the wall clock, so that days with 23 or 25 hours have no ticks at odd times. */
function* withinDays(period: Period, step: number): Generator<Date> {
  for (const day of daysOf(period, 1)) {
    const next = dayAfter(day).getTime();
    const begin = Math.floor((period.from - day.getTime() - LONGEST_SHIFT) / step) * step;
    const end = Math.min(DAY, period.to - day.getTime() + LONGEST_SHIFT + step);
    for (let since = Math.max(0, begin); since < end; since += step) {
      const time = new Date(day.getFullYear(), day.getMonth(), day.getDate(), 0, 0, since / SECOND);
      // A time that the clock skips becomes another one.
      const isSkipped = time.getHours() !== Math.floor(since / HOUR);
      if (!isSkipped && time.getTime() < next) yield time;
    }
  }
}

function* daysOf({ from, to }: Period, step: number): Generator<Date> {
  for (let day = startOfDay(new Date(from)); day.getTime() <= to; day = dayAfter(day)) {
    // Not the 31st beside the 1st.
    const isRound = (day.getDate() - 1) % step === 0 && (step === 1 || day.getDate() < 30);
    if (isRound) yield day;
  }
}

function* monthsOf({ from, to }: Period, step: number): Generator<Date> {
  const start = new Date(from);
  const first = Math.floor((start.getFullYear() * 12 + start.getMonth()) / step) * step;
  for (let month = first; ; month += step) {
    const time = new Date(Math.floor(month / 12), month % 12);
    if (time.getTime() > to) return;
    yield time;
  }
}

function startOfDay(time: Date): Date {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate());
}

function dayAfter(day: Date): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
}

/** At midnight the date says more. */
function clockLabel(step: number): (time: Date) => string {
  return (time) => {
    const clock = formatClock(time);
    if (clock === '00:00:00') return dayLabel(time);
    return step < MINUTE ? clock : clock.slice(0, -3);
  };
}

/** `26 Nov` */
export function dayLabel(time: Date): string {
  return `${time.getDate()} ${monthName(time)}`;
}

function monthLabel(time: Date): string {
  return `${monthName(time)} ${time.getFullYear()}`;
}

/** Of `Thu Nov 26 2026`. */
function monthName(time: Date): string {
  return time.toDateString().slice(4, 7);
}
