import { oneLine } from '../../core/describe-holder.js';
import type { LockHistory, PastRun } from '../../history/index.js';
import { ExitCode } from '../errors/exit-codes.js';
import { print, say } from '../terminal/messages.js';
import { terminal } from '../terminal/terminal.js';
import { toJson } from '../terminal/to-json.js';
import { displayName, nameInStore } from './names.js';
import { readHistory } from './read-history.js';
import { linesOf } from './table.js';

interface Selection {
  readonly last: number;
  /** Milliseconds since the end of a run. */
  readonly since: number | undefined;
  readonly failed: boolean;
  /** Neither JSON nor HTML means a table. */
  readonly json: boolean;
  /** The file for a page of HTML; `-` is stdout. */
  readonly html: string | undefined;
}

/** Prints the history of these locks, or of all. Returns the exit code. */
export async function history(names: readonly string[], selection: Selection): Promise<number> {
  const { last, since, failed, json, html } = selection;
  const isAllNeeded = html !== undefined || failed || since !== undefined;
  const { folder, locks } = await readHistory(names, isAllNeeded ? undefined : last);
  for (const lock of locks) reportUnreadable(lock);
  if (html !== undefined) {
    const { writeHistory } = await import('./html/write-page.js');
    const shown = locks.map((lock) => ({ history: lock, runs: select(lock.runs, selection) }));
    await writeHistory(shown, html);
    return ExitCode.ok;
  }
  const selected = locks.map((lock) => ({ ...lock, runs: select(lock.runs, selection) }));
  if (json) {
    await print(toJson(selected.map(lockJson)));
  } else {
    const lines = linesOf(selected, terminal(process.stdout));
    await print(lines.length > 0 ? lines.join('\n') : describeNothing(names, selection, folder));
  }
  return ExitCode.ok;
}

/** One lock as `history --json` prints it. Its public description is docs/history.schema.json. */
function lockJson(history: LockHistory): object {
  const { lock, store, runs, skips, usualDuration, unreadable } = history;
  return {
    name: nameInStore(history),
    path: lock,
    store,
    runs: runs.map(runJson),
    skips,
    usualDurationMs: usualDuration === null ? null : Math.round(usualDuration),
    unreadable,
  };
}

/** A run of a lock that is named elsewhere. */
function runJson({ lock, store, duration, ...run }: PastRun): object {
  return { ...run, durationMs: Math.round(duration) };
}

/** What was looked for and not found. */
function describeNothing(names: readonly string[], { since, failed }: Selection, folder: string): string {
  const runs = failed ? 'No failed runs' : 'No runs';
  const locks = names.length === 0 ? '' : ` of ${names.map(oneLine).join(', ')}`;
  const nothing = `${runs}${locks}${since === undefined ? '' : ' within this time'} in ${folder}.`;
  const mayBeUnrecorded = names.length > 0 && !failed && since === undefined;
  return mayBeUnrecorded ? `${nothing} ${ONLY_NAMED}` : nothing;
}

const ONLY_NAMED =
  'A run is recorded when it has ended; for a lock at a path or in a database, only with --history.';

function select(runs: readonly PastRun[], { last, since, failed }: Selection): readonly PastRun[] {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.now() - since;
  return runs
    .filter(({ outcome, endedAt }) => endedAt.getTime() >= from && !(failed && outcome === 'succeeded'))
    .slice(-last);
}

function reportUnreadable(lock: LockHistory): void {
  const { unreadable } = lock;
  if (unreadable === 0) return;
  const lines = unreadable === 1 ? '1 line of its history' : `${unreadable} lines of its history`;
  say(`${displayName(lock)}: ${lines} cannot be read: cut off by a crash, or written by another version.`);
}
