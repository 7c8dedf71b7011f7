import ms from 'ms';
import type { LockRecord, Progress } from './record/record.js';

// Describes holders, for errors and messages.

/** Who holds a lock, or until when it is held: `is held by PID 4242 …`. */
export function describeHolding(
  holder: LockRecord | null,
  age: number,
  { holdAtLeast = '`holdAtLeast`', more = '' } = {},
): string {
  const hold = holder?.hold ?? null;
  if (holder === null || hold === null) return `is held by ${describeHolder(holder, age, more)}`;
  return (
    `was released ${formatDuration(age)} ago by ${describeProcess(holder)}, but counts as held for another ` +
    `${formatDuration(Math.max(0, hold - age))} (${holdAtLeast})`
  );
}

/**
 * Who holds a lock: `PID 4242 on db-1 (import.py --all in /srv/shop), last heartbeat 12 seconds ago, 40 % done, table 4 of 10`.
 *
 * @param more More to say about its process, such as `since 14:03:11`.
 */
export function describeHolder(holder: LockRecord | null, heartbeatAge: number, more: string): string {
  if (holder === null) return 'a process that has not yet identified itself';
  const process = joined(' ', describeProcess(holder), more);
  const heartbeat = `last heartbeat ${formatDuration(heartbeatAge)} ago`;
  return joined(', ', process, heartbeat, describeProgress(holder.progress));
}

/** The holder as an operator would look for it: `PID 4242 on db-1 (node import.js in /srv/shop)`. */
export function describeProcess(holder: LockRecord): string {
  const { owner, processId, process } = holder;
  const work = describeWork(holder);
  return joined(
    ' ',
    owner !== null && `${oneLine(owner)},`,
    `PID ${processId}`,
    process.hostname !== null && `on ${oneLine(process.hostname)}`,
    work !== '' && `(${work})`,
  );
}

/** What runs, and in which folder: `./import.sh --all in /srv/shop`. Empty if the holder says neither. */
export function describeWork({ command, cwd }: Pick<LockRecord, 'command' | 'cwd'>): string {
  return joined(' ', command !== null && oneLine(command), cwd !== null && `in ${oneLine(cwd)}`);
}

/** What the holder reported about its work: `40 % done, table 4 of 10`. Empty if it reported nothing. */
export function describeProgress(progress: Progress | null): string {
  const { ratio = null, note = null } = progress ?? {};
  return joined(', ', ratio !== null && `${Math.floor(ratio * 100)} % done`, note !== null && oneLine(note));
}

/** The parts that are not empty. */
export function joined(separator: string, ...parts: readonly (string | false | null | undefined)[]): string {
  return parts.filter(Boolean).join(separator);
}

/** For people: `850 ms`, `12 seconds`, `3 hours`. */
export function formatDuration(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? ms(Math.round(milliseconds), { long: true }) : 'forever';
}

/**
 * Makes text written by others safe for a terminal: a command line or a note may contain line breaks, sequences that move
 * the cursor, or invisible characters, such as those that change the writing direction (Unicode's "Trojan Source", CVE-2021-42574). Of these,
 * only the joiners stay, which emoji and Persian need.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?![\u{200c}\u{200d}])[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
    .trim();
}
