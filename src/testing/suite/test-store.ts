import type { Awaitable } from '../../core/store.js';
import type { StoreUnderTest } from './stage.js';
import { storeCases } from './store-cases.js';

/** What the suite needs from a test framework. vitest, Jest, Mocha, `node:test` and Bun have it. */
export interface TestFramework {
  describe(name: string, define: () => void): unknown;
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
