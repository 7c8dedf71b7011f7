import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../core/describe-holder.js';
import type { Inspection } from '../index.js';
import { systemClock } from '../system/clock.js';
import { CliError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command-definition.js';
import { parseDuration } from './grammar/parse-value.js';
import { type Locks, sayWhichAreMeant, withLocks } from './stores/locks.js';
import { STORE_OPTION } from './stores/store-option.js';
import { holdingLine } from './terminal/holder-line.js';
import { say } from './terminal/messages.js';

/** How often to look, in milliseconds: each interval longer than the last. */
const FIRST_LOOK = 50;
const LATEST_LOOK = 500;

/** How long a store may take to answer the last look, in milliseconds. */
const LAST_ANSWER = 1000;

export const WAIT = defineCommand({
  name: 'wait',
  summary: 'wait until a lock can be taken',
  description:
    'Waits until nobody holds a lock, or until its holder is dead or has stalled, so that the next run gets it. Does not take the lock itself: to wait and then run a command, use `livinglock run --wait`.',
  options: {
    timeout: {
      flags: '--timeout <time>',
      description: 'wait up to this long, then exit with 75',
      parse: parseDuration,
      default: { value: Number.POSITIVE_INFINITY, name: 'infinity' },
    },
    store: STORE_OPTION,
  },
  operands: { lock: { term: '<lock>', description: 'the lock: a name, or a path' } },
  notes: `Examples:
  livinglock wait backup && shutdown -h now
  livinglock wait --timeout 30s /var/lib/importer/nightly.lock

A number without a unit is seconds.`,
  tooMany: () => 'Name one lock: livinglock wait LOCK.',
  run: ({ lock, timeout, store }) => withLocks(store, (locks) => waitFor(lock, locks, timeout)),
});

async function waitFor(lock: string, locks: Locks, timeout: number): Promise<number> {
  const { ErrLockStore, ErrNotALock, inspect } = await import('../index.js');
  const { store } = locks;
  const name = locks.nameOf(lock);
  sayWhichAreMeant([lock], locks);
  const deadline = systemClock.monotonic() + timeout;
  const signal = timeout === 0 ? undefined : silenceAfter(name, timeout + LAST_ANSWER);
  let isAnswered = false;
  for (let delay = FIRST_LOOK; ; delay = Math.min(delay * 2, LATEST_LOOK)) {
    let found: Inspection;
    try {
      found = await inspect(name, { store, signal });
      isAnswered = true;
    } catch (error) {
      // A database that is being restarted is usually back soon.
      const isAway = isAnswered && locks.address !== '' && error instanceof ErrLockStore;
      if (!isAway || systemClock.monotonic() >= deadline) throw error;
      await sleep(LATEST_LOOK);
      continue;
    }
    const { state, reason, holder, heartbeatAge } = found;
    if (state === 'foreign') throw new ErrNotALock(name, reason);
    if (state !== 'live' && state !== 'cooldown') return ExitCode.ok;
    const left = deadline - systemClock.monotonic();
    if (left <= 0) {
      const waited = timeout === 0 ? '' : ` Waited for ${formatDuration(timeout)}.`;
      say(`${name} ${holdingLine(holder, heartbeatAge ?? 0)}.${waited}`);
      return ExitCode.busy;
    }
    await sleep(Math.min(delay, left));
  }
}

/** Aborts, with what to say, if the store still has not answered by then. */
function silenceAfter(name: string, timeout: number): AbortSignal {
  const silence = new AbortController();
  const tell = () =>
    silence.abort(
      new CliError(
        ExitCode.store,
        `Cannot read the lock ${name}: no answer within ${formatDuration(timeout)}. Check whether the store can be reached from here.`,
      ),
    );
  void systemClock.sleep(timeout, { ref: false }).then(tell);
  return silence.signal;
}
