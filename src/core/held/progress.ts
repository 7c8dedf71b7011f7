import { refuseUnknown, show } from '../options/validate.js';
import { fitText, type Progress } from '../record/record.js';

/** What a job can report with a heartbeat; shown to anyone who finds the lock busy. Anything left out stays as it was. */
export interface HeartBeat {
  /** How much of the work is done, from 0 to 1. */
  readonly progress?: number | undefined;
  /** What is being done now. Cut to 512 bytes. */
  readonly note?: string | undefined;
}

/** Cuts it to what a record has room for. Only when it is written, because some jobs send millions of heartbeats. */
export function fitProgress(progress: Progress | undefined): Progress | undefined {
  return progress?.note ? { ...progress, note: fitText(progress.note) } : progress;
}

/** The progress that is known after a heartbeat. Throws a `TypeError` or `RangeError` for a value that a heartbeat does not take. */
export function progressAfter(
  update: HeartBeat,
  before: Progress | undefined,
  lock: string,
): Progress | undefined {
  if (typeof update !== 'object' || update === null || Array.isArray(update)) {
    throw new TypeError(
      `A heartbeat of ${lock} takes an object such as { progress: 0.4 }, not ${show(update)}.`,
    );
  }
  refuseOthers(update);
  const { progress, note } = update;
  checkRatio(progress);
  checkNote(note);
  if (progress === undefined && note === undefined) return before;
  return { ratio: progress ?? before?.ratio ?? null, note: note ?? before?.note ?? null };
}

/** Some jobs send millions of heartbeats, and to list the keys would take longer than all else. */
function refuseOthers(update: HeartBeat): void {
  for (const name in update) {
    if (name !== 'progress' && name !== 'note') refuseUnknown(update, FIELDS, ' of a heartbeat');
  }
}

const FIELDS: readonly (keyof HeartBeat)[] = ['progress', 'note'];

function checkRatio(progress: unknown): void {
  if (progress === undefined) return;
  if (typeof progress !== 'number') {
    throw new TypeError(`The progress of a heartbeat must be a number, but is ${show(progress)}.`);
  }
  if (!(progress >= 0 && progress <= 1)) {
    throw new RangeError(`The progress of a heartbeat must be from 0 to 1, but is ${progress}.`);
  }
}

function checkNote(note: unknown): void {
  if (note === undefined || typeof note === 'string') return;
  throw new TypeError(`The note of a heartbeat must be a string, but is ${show(note)}.`);
}
