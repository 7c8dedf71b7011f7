import { describe, expect, it } from 'vitest';
import type { Lock } from '../../../src/index.js';
import { checkFencedLock, type FencedLock } from '../../../src/stores/shared/fence.js';
import { untyped } from '../../../support/world.js';

const LOCK = { name: 'import', fencingToken: 41 };
const CONNECTION = { name: 'a connection of some driver', query: async () => [] };
const AWAIT = /a lock that is held, .* but got a promise\. Write `await` before `acquire`\.$/;
const ORDER =
  /a lock that is held, .* but got (?:an object|a function|undefined|null|the string 'import')\. Pass the connection first/;
const promise: Promise<Lock> = new Promise(() => {});

describe('a fence', () => {
  it('takes a lock, and an object like one', () => {
    expect(() => checkFencedLock(LOCK, CONNECTION)).not.toThrow();
  });

  it.each<[what: string, lock: unknown, connection: unknown, message: RegExp]>([
    ['no lock', undefined, CONNECTION, ORDER],
    ['`null`', null, CONNECTION, ORDER],
    ['a name', 'import', CONNECTION, ORDER],
    ['a lock that was not awaited', promise, CONNECTION, AWAIT],
    ['a connection with a name in place of the lock', CONNECTION, LOCK, ORDER],
    ['a connection in place of the lock', { query: () => {} }, LOCK, ORDER],
    ['a connection that is a function', () => {}, LOCK, ORDER],
    ['a connection in place of a lock that was not awaited', { query: () => {} }, promise, ORDER],
  ])('needs a lock that is held, not %s', (_, lock, connection, message) => {
    const checking = () => Reflect.apply(checkFencedLock, undefined, [lock, connection]);
    expect(checking).toThrow(TypeError);
    expect(checking).toThrow(message);
  });

  it.each<[token: unknown, message: string]>([
    ['5', "a whole number above 0, but got the string '5'. Write `Number(…)` around it."],
    [5n, 'a whole number above 0, but got 5n. Write `Number(…)` around it.'],
    [Number.NaN, 'a whole number above 0, but got NaN.'],
    [null, 'a whole number above 0, but got null.'],
    [undefined, 'a whole number above 0, but got undefined.'],
    [0, 'a whole number above 0, but got 0.'],
  ])('needs a token that is a number: %o', (fencingToken, message) => {
    const lock = untyped<FencedLock>({ name: 'import', fencingToken });
    expect(() => checkFencedLock(lock, CONNECTION)).toThrow(message);
  });
});
