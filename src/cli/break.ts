import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command.js';
import { type Locks, sayWhichAreMeant, withLocks } from './stores/locks.js';
import { STORE_OPTION } from './stores/store-option.js';
import { describeHolding } from './terminal/holder.js';
import { print, say } from './terminal/messages.js';

export const BREAK = defineCommand({
  name: 'break',
  summary: 'remove a lock whose holder is dead or has stalled',
  description:
    'Removes a lock whose holder is dead or has stalled, and says what it has removed. This is rarely needed: the next run takes such a lock anyway. The lock of a holder that is at work is refused with 75.',
  options: {
    force: {
      flags: '--force',
      description: 'remove it even from a holder that is at work; what it does from then on is not exclusive',
    },
    store: STORE_OPTION,
  },
  operands: { lock: { term: '<lock>', description: 'the lock: a name, or a path' } },
  notes: `Examples:
  livinglock break backup
  livinglock break --force /var/lib/importer/nightly.lock`,
  run: ({ lock, force, store }) => withLocks(store, (locks) => breakOpen(lock, locks, force)),
});

async function breakOpen(lock: string, locks: Locks, force: boolean): Promise<number> {
  const { breakLock, ErrLockBusy } = await import('../index.js');
  const { store } = locks;
  const path = locks.nameOf(lock);
  sayWhichAreMeant([lock], locks);
  try {
    const { state, reason, holder, heartbeatAge } = await breakLock(path, { force, store });
    if (state === 'free') {
      await print(`Nobody holds ${path}: there is nothing to remove.`);
    } else {
      const why = state === 'cooldown' ? '' : ` It was ${state}: ${reason}.`;
      const holding = describeHolding(holder, heartbeatAge ?? 0).replace(/^is/, 'was');
      await print(`Removed ${path}, which ${holding}.${why}`);
    }
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof ErrLockBusy)) throw error;
    say(
      `${path} ${describeHolding(error.holder, error.heartbeatAge)}. Not removed: ${error.reason}; --force removes it anyway.`,
    );
    return ExitCode.busy;
  }
}
