import type { Row } from './performance.js';
import { LETTERS } from './schedule.js';

const FIRST_CONTENDER = 1010;
const UUID = /0{4}(\d{4})-0*(\d+)-4000-8000-0{12}(?:,[^ /]*)?/g;
const SIGN = /\.life\.0{4}(\d{4})0*(\d+)40008000\./g;
const HEADINGS = ['step', 'who', 'call', 'outcome', 'the lock file then names', 'was told'];

/** A schedule for people: who did what, with which result, and who held the lock by then. */
export function formatTable(rows: readonly Row[], folder: string): string {
  const lines = rows.map(({ who, call, outcome, told, sight }, index) => [
    String(index + 1),
    who,
    shorten(call, folder),
    outcome,
    sight.record === null
      ? sight.text === null
        ? '-'
        : 'nobody'
      : `${nameOf(sight.record.pid)}, token ${sight.record.fencingToken}`,
    told.map((event) => shorten(event, folder)).join(', '),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [HEADINGS, ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Without the folder, and with identifiers such as `A#3`: the third one that A made. */
function shorten(text: string, folder: string): string {
  return text
    .replaceAll(`${folder}/`, '')
    .replaceAll(folder, '.')
    .replaceAll(UUID, (_, pid, number) => `${nameOf(Number(pid))}#${number}`)
    .replaceAll(SIGN, (_, pid, number) => `.life.${nameOf(Number(pid))}#${number}.`)
    .replaceAll(/(\.record)\.\d+\b/g, '$1.tmp');
}

/** Processes killed before the schedule have numbers instead of letters. */
function nameOf(pid: number): string {
  return LETTERS.charAt(pid - FIRST_CONTENDER) || `PID ${pid}`;
}
