import type { Inspection } from '../index.js';
import { messageOf } from '../system/message-of.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command-definition.js';
import { isRecorded } from './history/is-recorded.js';
import { type Locks, sayWhichAreMeant, withLocks } from './stores/locks.js';
import { STORE_OPTION } from './stores/store-option.js';
import { holdingLine } from './terminal/holder-line.js';
import { print, say } from './terminal/messages.js';

export const BREAK = defineCommand({
  name: 'break',
  summary: 'remove a lock whose holder is dead or has stalled',
  description:
    'Removes a lock whose holder is dead or has stalled, and says what it has removed. This is rarely needed: the next run takes such a lock anyway. If the holder is working, removes nothing and exits with 75.',
  options: {
    force: {
      flags: '--force',
      description: 'remove it even if its holder is working; its work is then no longer exclusive',
    },
    store: STORE_OPTION,
  },
  operands: { lock: { term: '<lock>', description: 'the lock: a name, or a path' } },
  notes: `Examples:
  livinglock break backup
  livinglock break --force /var/lib/importer/nightly.lock`,
  tooMany: () => 'Name one lock: livinglock break LOCK.',
  run: ({ lock, force, store }) =>
    withLocks(store, (locks) =>
      breakOpen(lock, locks, force, isRecorded(lock, { history: 'default', store })),
    ),
});

async function breakOpen(lock: string, locks: Locks, force: boolean, isKept: boolean): Promise<number> {
  const { breakLock, ErrLockBusy } = await import('../index.js');
  const { store } = locks;
  const path = locks.nameOf(lock);
  sayWhichAreMeant([lock], locks);
  try {
    const broken = await breakLock(path, { force, store });
    const { state, reason, holder, heartbeatAge } = broken;
    if (state === 'free') {
      await print(`Nobody holds ${path}: there is nothing to remove.`);
    } else {
      const why = state === 'cooldown' ? '' : ` It was ${state}: ${reason}.`;
      const holding = holdingLine(holder, heartbeatAge ?? 0).replace(/^is/, 'was');
      await print(`Removed ${path}, which ${holding}.${why}`);
    }
    if (isKept) await record(broken, locks);
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof ErrLockBusy)) throw error;
    say(
      `${path} ${holdingLine(error.holder, error.heartbeatAge)}. Not removed: ${error.reason}; --force removes it anyway.`,
    );
    return ExitCode.busy;
  }
}

/** No run takes over a lock that is broken, so nobody else would record how its holder has ended. */
async function record(broken: Inspection, { database }: Locks): Promise<void> {
  const { name, state, holder, reason, heartbeatAge } = broken;
  if (state !== 'dead' && state !== 'stalled') return;
  const predecessor = { record: holder, state, reason, heartbeatAge: heartbeatAge ?? 0 };
  try {
    const { openHistory } = await import('../history/index.js');
    await openHistory().recordPredecessor(name, predecessor, database);
  } catch (error) {
    say(`The run is missing from the history: ${messageOf(error)}`);
  }
}
