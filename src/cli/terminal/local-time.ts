// Times as people read them, in the time zone of this process.

/** ISO 8601 to the second, with the offset from UTC: `2026-11-26T03:00:01+01:00`. */
export function formatTimestamp(time: Date): string {
  return `${formatDate(time)}T${formatClock(time)}${formatOffset(time)}`;
}

/** How far this time zone is from UTC at that time: `+01:00`. */
export function formatOffset(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const hours = twoDigits(Math.floor(Math.abs(offset) / 60));
  const minutes = twoDigits(Math.abs(offset) % 60);
  return `${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** `03:00:01`, preceded by the date if it is not today's. */
export function formatTime(time: Date): string {
  return time.toDateString() === new Date().toDateString() ? formatClock(time) : formatDateAndTime(time);
}

/** As people say it: `03:00` today, `Monday 03:00` within a week, `2026-11-12` before, and in the future. */
export function formatDay(time: Date, now: Date): string {
  const clock = formatClock(time).slice(0, -3);
  if (time.toDateString() === now.toDateString()) return clock;
  const age = now.getTime() - time.getTime();
  // After six days, the name of the day could also be today's.
  return age > 0 && age < 6 * 86_400_000 ? `${DAYS[time.getDay()]} ${clock}` : formatDate(time);
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `2026-11-26 03:00:01` */
export function formatDateAndTime(time: Date): string {
  return `${formatDate(time)} ${formatClock(time)}`;
}

function formatDate(time: Date): string {
  return `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;
}

/** `03:00:01` */
export function formatClock(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
