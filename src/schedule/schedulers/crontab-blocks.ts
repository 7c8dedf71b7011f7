import { ScheduleError } from '../schedule-error.js';

/** The lines of a job between two that mark them as ours, including the last line break. */
export function blockOf(name: string, line: string): string {
  return `${beginOf(name)}\n${line}\n${endOf(name)}\n`;
}

/**
 * Replaces a job's block, or appends it; `null` removes it. Everything else stays as it is, byte for byte, so text
 * and block are decoded as latin1, in which every byte is a character.
 */
export function withBlock(crontab: string, name: string, block: string | null): string {
  const lines = crontab.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const place = find(lines, name);
  if (place === null) return block === null ? crontab : ended(crontab) + block;
  lines.splice(place.start, place.length, ...(block === null ? [] : [block]));
  const text = lines.join('');
  return block === null ? unended(text) : text;
}

/** The jobs in a crontab, each with its line. */
export function blocksIn(crontab: string): { readonly name: string; readonly line: string }[] {
  const pattern = new RegExp(`^${PREFIX} begin (\\S+)\\r?\\n([^\\n]*?)\\r?\\n${PREFIX} end \\1\\r?$`, 'gm');
  const blocks = crontab.matchAll(pattern);
  return [...blocks].map(([, name = '', line = '']) => ({ name, line }));
}

const PREFIX = '# livinglock schedule';
const UNENDED = `${PREFIX}: the line before this one had no line break\n`;

function beginOf(name: string): string {
  return `${PREFIX} begin ${name}`;
}

function endOf(name: string): string {
  return `${PREFIX} end ${name}`;
}

/**
 * Someone may have edited the crontab since, and moved lines of their own between ours. A block that does not look as it was
 * written is therefore left alone.
 */
function find(lines: readonly string[], name: string): { start: number; length: number } | null {
  const placesOf = (marker: string) =>
    lines.flatMap((line, index) => (line.replace(/\r?\n$/, '') === marker ? [index] : []));
  const begins = placesOf(beginOf(name));
  const ends = placesOf(endOf(name));
  if (begins.length === 0 && ends.length === 0) return null;
  const [start = 0] = begins;
  const length = (ends[0] ?? 0) - start + 1;
  const isOurs = length === 2 || (length === 3 && isRunOf(name, lines[start + 1] ?? ''));
  if (begins.length === 1 && ends.length === 1 && isOurs) return { start, length };
  throw new ScheduleError(
    'failed',
    `The lines of the job ${name} in the crontab were changed by hand. Remove them with crontab -e, from "${beginOf(name)}" to "${endOf(name)}", and try again.`,
  );
}

/** Even if the times, or options of the run, were changed by hand. */
function isRunOf(name: string, line: string): boolean {
  return line.includes(' run ') && line.includes(name);
}

/** crontab(1) requires a line break at the end, and so does anything that is appended. Marked, so that it can be removed again. */
function ended(crontab: string): string {
  return crontab === '' || crontab.endsWith('\n') ? crontab : `${crontab}\n${UNENDED}`;
}

function unended(crontab: string): string {
  if (crontab.endsWith(`\n${UNENDED}`)) return crontab.slice(0, -UNENDED.length - 1);
  // Others have appended lines since, so they rely on the line break too.
  return crontab.includes(`${PREFIX} begin `) ? crontab : crontab.replace(UNENDED, '');
}
