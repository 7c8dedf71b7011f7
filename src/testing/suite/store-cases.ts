import type { Awaitable } from '../../core/store.js';
import { contention } from './cases/contention.js';
import { holds } from './cases/holds.js';
import { locks } from './cases/locks.js';
import { names } from './cases/names.js';
import { beats, claims, releases } from './cases/operations.js';
import { ages, fencing, records } from './cases/records.js';
import { type Rules, Stage, type StoreUnderTest } from './stage.js';

/** One thing that a store must do. */
export interface StoreCase {
  /** What it must do, in words. */
  readonly name: string;
  /** Rejects, in most cases with an `AssertionError`, if the store does not. */
  readonly run: () => Promise<void>;
}

const ALL: readonly Rules[] = [
  claims,
  beats,
  releases,
  holds,
  records,
  ages,
  fencing,
  contention,
  names,
  locks,
];

/**
 * The tests that {@link testStore} defines, one by one: for a framework without `describe` and `it`, or for a program that checks a
 * store where it is to be used.
 *
 * @example
 * import { storeCases } from 'livinglock/testing';
 *
 * for (const { name, run } of storeCases(async () => ({ store: ourStore(await connect()) }))) {
 *   await run().then(() => console.log('ok', name), (error) => console.log('not ok', name, error));
 * }
 */
export function storeCases(makeStore: () => Awaitable<StoreUnderTest>): StoreCase[] {
  return ALL.flatMap((rules) =>
    Object.entries(rules).map(([name, check]) => ({
      name,
      run: async () => {
        const made = await makeStore();
        try {
          await check(new Stage(made));
        } finally {
          await made.close?.();
        }
      },
    })),
  );
}
