import { setTimeout as sleep } from 'node:timers/promises';
import { oneLine } from '../../core/describe-holder.js';
import { sayWhichAreMeant, withLocks } from '../stores/locks.js';
import type { StoreAddress } from '../stores/store-option.js';
import { answer, print, say, stdout } from '../terminal/messages.js';
import { type Terminal, terminal } from '../terminal/terminal.js';
import { toJson } from '../terminal/to-json.js';
import { CachedHistory } from './cached-history.js';
import { frameOf } from './frame.js';
import { exitCodeFor, readStatus, type Seen } from './read-status.js';
import { Screen } from './screen.js';

/** How often `--watch` looks, in milliseconds. */
const PERIOD = 500;

interface StatusOptions {
  readonly json: boolean;
  /** Whether to show it again and again until the process is ended, for instance by Ctrl-C. */
  readonly watch: boolean;
  readonly store: StoreAddress | undefined;
}

/** Prints the status of locks. Returns the exit code. */
export function status(names: readonly string[], { json, watch, store }: StatusOptions): Promise<number> {
  return withLocks(store, async (locks) => {
    sayWhichAreMeant(names, locks);
    const past = new CachedHistory(locks);
    const show = watch ? showing(locks.place, json) : null;
    for (;;) {
      const seen = await readStatus(names, locks, past);
      if (show === null) {
        sayComplaints(seen);
        return answer(exitCodeFor(seen), json ? toJson(seen.locks) : textOf(seen, locks.place));
      }
      await show(seen);
      await sleep(PERIOD);
    }
  });
}

type Show = (seen: Seen) => Promise<void>;

function showing(place: () => string, isJson: boolean): Show {
  if (isJson) return atEachChange(({ locks }) => print(toJson(locks, 0)));
  return process.stdout.isTTY
    ? onScreen(place)
    : atEachChange(async (seen, isFirst) => {
        const text = textOf(seen, place);
        if (text !== '') await print(isFirst ? text : `\n${text}`);
      });
}

function onScreen(place: () => string): Show {
  const screen = new Screen(stdout());
  return (seen) => {
    const lines = linesOf(seen, place, terminal({ isTTY: true, columns: screen.columns }));
    // Notes and labels come from other processes.
    return screen.draw([...lines, ...[...seen.failures, ...seen.notes].map(oneLine)]);
  };
}

function atEachChange(show: (seen: Seen, isFirst: boolean) => Promise<void>): Show {
  let before: string | null = null;
  return async (seen) => {
    const now = JSON.stringify(seen, withoutAges);
    if (now === before) return;
    sayComplaints(seen);
    await show(seen, before === null);
    before = now;
  };
}

/** The age grows all the time; that is not a change. */
function withoutAges(key: string, value: unknown): unknown {
  return key === 'heartbeatAgeMs' || key === 'cooldownMs' ? undefined : value;
}

function sayComplaints({ failures, notes }: Seen): void {
  for (const complaint of [...failures, ...notes]) say(complaint);
}

function textOf(seen: Seen, place: () => string): string {
  return linesOf(seen, place, terminal(process.stdout)).join('\n');
}

/** None if they would only say that there are no locks, although some could not be read. */
function linesOf({ locks, failures }: Seen, place: () => string, on: Terminal): string[] {
  return failures.length > 0 && locks.length === 0 ? [] : frameOf(locks, place, on);
}
