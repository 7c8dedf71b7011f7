import { setTimeout as sleep } from 'node:timers/promises';
import { oneLine } from '../../core/describe-holder.js';
import { sayWhichAreMeant, withLocks } from '../stores/locks.js';
import type { StoreAddress } from '../stores/store-option.js';
import { print, say, stdout } from '../terminal/messages.js';
import { terminal } from '../terminal/terminal.js';
import { toJson } from '../terminal/to-json.js';
import { Past } from './cached-history.js';
import { frameOf } from './frame.js';
import { readStatus, type Seen } from './read-status.js';
import { Screen } from './screen.js';
import { printText } from './status.js';

/** How often to look, in milliseconds. */
const PERIOD = 500;

/** Runs until the process is ended, for instance by Ctrl-C. */
export function watchStatus(
  names: readonly string[],
  isJson: boolean,
  store: StoreAddress | undefined,
): Promise<never> {
  return withLocks(store, async (locks) => {
    sayWhichAreMeant(names, locks);
    const show = showing(locks.place, isJson);
    const past = new Past(locks);
    for (;;) {
      await show(await readStatus(names, locks, past));
      await sleep(PERIOD);
    }
  });
}

type Show = (seen: Seen) => Promise<void>;

function showing(place: () => string, isJson: boolean): Show {
  if (isJson) return atEachChange(printJson);
  return process.stdout.isTTY
    ? onScreen(place)
    : atEachChange((seen, isFirst) => printText(seen, place, isFirst ? '' : '\n'));
}

function onScreen(place: () => string): Show {
  const screen = new Screen(stdout());
  return async ({ locks, failures, notes }) => {
    const lines =
      failures.length > 0 && locks.length === 0
        ? []
        : frameOf(locks, place, terminal({ isTTY: true, columns: screen.columns }));
    // Notes and labels come from other processes.
    await screen.draw([...lines, ...[...failures, ...notes].map(oneLine)]);
  };
}

function atEachChange(show: (seen: Seen, isFirst: boolean) => Promise<void>): Show {
  let before: string | null = null;
  return async (seen) => {
    const now = JSON.stringify(seen, withoutAges);
    if (now === before) return;
    for (const complaint of [...seen.failures, ...seen.notes]) say(complaint);
    await show(seen, before === null);
    before = now;
  };
}

/** The age grows all the time; that is not a change. */
function withoutAges(key: string, value: unknown): unknown {
  return key === 'heartbeatAgeMs' || key === 'cooldownMs' ? undefined : value;
}

function printJson({ locks }: Seen): Promise<void> {
  return print(toJson(locks, 0));
}
