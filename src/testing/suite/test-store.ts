import type { Awaitable } from '../../core/store.js';
import { contention } from './cases/contention.js';
import { holds } from './cases/holds.js';
import { locks } from './cases/locks.js';
import { names } from './cases/names.js';
import { beats, claims, confirmations, releases } from './cases/operations.js';
import { ages, fencing, records } from './cases/records.js';
import { type Rules, Stage, type StoreUnderTest } from './stage.js';

/** What the suite needs from a test framework. vitest, Jest, Mocha, `node:test` and Bun have it. */
export interface TestFramework {
  /** Defines a group, with the tests that `define` defines. */
  describe(name: string, define: () => void): unknown;
  /** Defines a test, which fails if `run` rejects. */
  it(name: string, run: () => Promise<void>): unknown;
}

/**
 * Defines the tests that every store must pass: each operation does what `Store` says, even with many contenders,
 * and locks in the store can be acquired, kept alive, released, inspected and broken. The stores of this package
 * pass the same tests.
 *
 * @param makeStore Called once for each test. All its stores may share one database: no two tests use the same lock.
 * @param framework Default: the global `describe` and `it`, if there are any.
 * @example
 * import { describe, it } from 'vitest';
 * import { testStore } from 'livinglock/testing';
 *
 * const makeStore = async () => ({ store: ourStore(await connect()) });
 * testStore('the store in our database', makeStore, { describe, it });
 */
export function testStore(
  name: string,
  makeStore: () => Awaitable<StoreUnderTest>,
  framework: TestFramework = globalFramework(),
): void {
  framework.describe(name, () => {
    for (const { name: rule, run } of storeCases(makeStore)) framework.it(rule, run);
  });
}

/** One thing that a store must do. */
export interface StoreCase {
  /** What it must do, in words. */
  readonly name: string;
  /** Rejects, in most cases with an `AssertionError`, if the store does not. */
  readonly run: () => Promise<void>;
}

const ALL: readonly Rules[] = [
  claims,
  confirmations,
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
        const stage = new Stage(made);
        try {
          await check(stage);
        } finally {
          await made.close?.();
        }
      },
    })),
  );
}

function globalFramework(): TestFramework {
  const describe: unknown = Reflect.get(globalThis, 'describe');
  const it: unknown = Reflect.get(globalThis, 'it');
  if (typeof describe === 'function' && typeof it === 'function') {
    return {
      describe: (name, define) => describe(name, define),
      it: (name, run) => it(name, run),
    };
  }
  throw new TypeError(
    '`testStore` found no global `describe` and `it`. Pass those of your test framework: testStore(name, makeStore, { describe, it }).',
  );
}
