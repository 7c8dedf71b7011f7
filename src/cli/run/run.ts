import { type Locks, withLocks } from '../locks.js';
import { acquireOrYield } from './acquire.js';
import { expectProgram } from './find-program.js';
import type { RunOptions } from './options.js';
import { Signals } from './signals.js';
import { Supervision } from './supervision.js';

/** Runs a command while holding a lock, and gives the exit code. */
export function run(lock: string, command: readonly string[], options: RunOptions): Promise<number> {
  expectProgram(command[0] ?? '');
  return withLocks(options.store, (locks) => runIn(locks, lock, command, options), true);
}

async function runIn(
  locks: Locks,
  called: string,
  command: readonly string[],
  options: RunOptions,
): Promise<number> {
  const name = locks.nameOf(called);
  const signals = new Signals();
  try {
    const lock = await acquireOrYield(name, locks, command, options, signals);
    if (typeof lock === 'number') return lock;
    return await new Supervision({ lock, name, locks, command, options, signals }).toTheEnd();
  } finally {
    signals.ignore();
  }
}
