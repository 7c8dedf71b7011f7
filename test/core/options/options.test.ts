import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../src/core/options/options.js';
import { acquire, breakLock, inspect, withLock } from '../../../src/index.js';
import { FakeClock } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, temporaryFolder, untyped } from '../../../support/world.js';

describe('the options', () => {
  it('have defaults that suit a nightly job', () => {
    expect(readOptions({})).toMatchObject({
      staleTimeout: HOUR,
      heartbeatMinimalInterval: MINUTE,
      wait: 0,
      terminateStalled: false,
      terminationGrace: 5 * SECOND,
    });
  });

  it('accept milliseconds, or strings as people write them', () => {
    const options = { staleTimeout: '2h', heartbeatMinimalInterval: '90s', wait: '1.5m' } as const;
    expect(readOptions(options)).toMatchObject({
      staleTimeout: 2 * HOUR,
      heartbeatMinimalInterval: 90_000,
      wait: 90_000,
    });
  });

  it('accept small numbers where they are meant, or come from a test with its own clock', () => {
    expect(readOptions({ wait: 30, heartbeatMinimalInterval: 30 })).toMatchObject({ wait: 30 });
    expect(readOptions({ holdAtLeast: 0, terminationGrace: 0 })).toMatchObject({ terminationGrace: 0 });
    expect(readOptions({ staleTimeout: '60ms', holdAtLeast: '5ms' })).toMatchObject({ staleTimeout: 60 });
    expect(readOptions({ staleTimeout: 1000 }).staleTimeout).toBe(SECOND);
    const dependencies = { clock: new FakeClock() };
    expect(
      readOptions({ staleTimeout: 30, holdAtLeast: 5, terminationGrace: 5, dependencies }),
    ).toMatchObject({
      staleTimeout: 30,
      holdAtLeast: 5,
      terminationGrace: 5,
    });
  });

  it('default the interval to half of a short stale timeout', () => {
    expect(readOptions({ staleTimeout: '30s' }).heartbeatMinimalInterval).toBe(15 * SECOND);
    expect(readOptions({ staleTimeout: '1m' }).heartbeatMinimalInterval).toBe(30 * SECOND);
    expect(readOptions({ staleTimeout: MINUTE + 1 }).heartbeatMinimalInterval).toBe(MINUTE);
  });

  it('allow an interval of zero, and an infinite stale timeout and wait', () => {
    expect(readOptions({ heartbeatMinimalInterval: 0 }).heartbeatMinimalInterval).toBe(0);
    expect(
      readOptions({ staleTimeout: Number.POSITIVE_INFINITY, wait: Number.POSITIVE_INFINITY }),
    ).toMatchObject({
      staleTimeout: Number.POSITIVE_INFINITY,
      heartbeatMinimalInterval: MINUTE,
      wait: Number.POSITIVE_INFINITY,
    });
  });
});

const WRONG: readonly (readonly [
  options: unknown,
  error: typeof TypeError | typeof RangeError,
  words: RegExp,
])[] = [
  [{ staleTimeout: 0 }, RangeError, /`staleTimeout`.* 0/],
  [{ staleTimeout: -1 }, RangeError, /`staleTimeout`.*-1/],
  [{ staleTimeout: Number.NaN }, RangeError, /`staleTimeout`.*NaN/],
  [{ staleTimeout: '2 parsecs' }, RangeError, /`staleTimeout`.*'2 parsecs'/],
  [{ staleTimeout: '' }, RangeError, /`staleTimeout`.*''/],
  [{ staleTimeout: '1'.repeat(200) }, RangeError, /`staleTimeout`/],
  [{ staleTimeout: true }, TypeError, /`staleTimeout`.*true/],
  [{ staleTimeout: null, wait: [] }, TypeError, /`wait`.*array/],
  [{ staleTimeout: {} }, TypeError, /`staleTimeout`.*object/],
  [{ staleTimeout: 5n }, TypeError, /`staleTimeout`.*5n/],
  [{ heartbeatMinimalInterval: -5 }, RangeError, /`heartbeatMinimalInterval`.*-5/],
  [
    { heartbeatMinimalInterval: Number.POSITIVE_INFINITY },
    RangeError,
    /`heartbeatMinimalInterval`.*Infinity/,
  ],
  [{ heartbeatMinimalInterval: Number.NaN }, RangeError, /`heartbeatMinimalInterval`.*NaN/],
  [
    { heartbeatMinimalInterval: '1h' },
    RangeError,
    /`heartbeatMinimalInterval` \(3600000 ms\).*`staleTimeout`/,
  ],
  [
    { staleTimeout: '10ms', heartbeatMinimalInterval: 11 },
    RangeError,
    /`heartbeatMinimalInterval` \(11 ms\).*`staleTimeout` \(10 ms\)/,
  ],
  [{ staleTimeout: 30 }, RangeError, /`staleTimeout` is 30, which means 30 ms: write '30s' .* '30ms'/],
  [{ staleTimeout: 999 }, RangeError, /`staleTimeout`.* '999s' .* '999ms'/],
  [{ staleTimeout: 0.5 }, RangeError, /`staleTimeout`.* '0.5s' .* '0.5ms'/],
  [{ staleTimeout: 30, dependencies: {} }, RangeError, /`staleTimeout`.* '30s' .* '30ms'/],
  [{ holdAtLeast: 30 }, RangeError, /`holdAtLeast`.* '30s' .* '30ms'/],
  [{ terminationGrace: 5 }, RangeError, /`terminationGrace`.* '5s' .* '5ms'/],
  [{ staleTimeout: '30' }, RangeError, /`staleTimeout` is '30', .* no unit: write '30s' .* '30ms'/],
  [{ wait: '1.5' }, RangeError, /`wait`.* '1.5s' .* '1.5ms'/],
  [{ heartbeatMinimalInterval: '.5 ' }, RangeError, /`heartbeatMinimalInterval`.* '.5s' .* '.5ms'/],
  [{ wait: '1h30m' }, RangeError, /`wait`.*'1h30m'\. Write 90m instead of 1h30m\.$/],
  [{ wait: -1 }, RangeError, /`wait`.*-1/],
  [{ wait: () => 1 }, TypeError, /`wait`.*function/],
  [{ signal: 'now' }, TypeError, /`signal`.*'now'/],
  [{ sticky: 'yes' }, TypeError, /`sticky`.*'yes'/],
  [{ sticky: true }, TypeError, /`sticky` needs the option `owner`/],
  [{ terminateStalled: 'yes' }, TypeError, /`terminateStalled`.*'yes'/],
  [{ terminationGrace: 'long' }, RangeError, /`terminationGrace`.*'long'/],
  [{ command: 7 }, TypeError, /`command`.*7/],
  [{ store: {} }, TypeError, /`store`.*`resolve`/],
  [{ dependencies: 'fake' }, TypeError, /`dependencies`.*'fake'/],
  [{ dependencies: { clock: { now: Date.now } } }, TypeError, /`dependencies.clock`.*`monotonic`/],
  [{ dependencies: { processes: {} } }, TypeError, /`dependencies.processes`.*`self`/],
  [{ staleTimeOut: '2h' }, TypeError, /no option `staleTimeOut`\. Did you mean `staleTimeout`\?$/],
  [{ stale: '2h' }, TypeError, /no option `stale`\. Did you mean `staleTimeout`\?$/],
  [{ wiat: '2h' }, TypeError, /no option `wiat`\. Did you mean `wait`\?$/],
  [{ ttl: '2h' }, TypeError, /no option `ttl`\. The options are staleTimeout, .*, dependencies\.$/],
  [{ dependencies: { clok: {} } }, TypeError, /no option `clok` of `dependencies`\. Did you mean `clock`\?$/],
];

describe('wrong options', () => {
  it.each(WRONG)('are refused before anything is touched: %o', async (options, error, words) => {
    const folder = join(temporaryFolder(), 'not-made');
    const refused = acquire(join(folder, 'job.lock'), untyped(options));
    await expect(refused).rejects.toThrow(error);
    await expect(refused).rejects.toThrow(words);
    expect(existsSync(folder)).toBe(false);
  });

  it('are refused by `inspect` and `breakLock`, too', async () => {
    await expect(inspect('job.lock', untyped({ force: true }))).rejects.toThrow(/no option `force`/);
    await expect(inspect('job.lock', { staleTimeout: 0 })).rejects.toThrow(RangeError);
    await expect(inspect('job.lock', { staleTimeout: 30 })).rejects.toThrow(/'30s'/);
    await expect(inspect('job.lock', untyped({ stroe: {} }))).rejects.toThrow(/Did you mean `store`\?/);
    await expect(breakLock('job.lock', untyped({ force: 1 }))).rejects.toThrow(/`force`/);
    await expect(breakLock('job.lock', { staleTimeout: 30 })).rejects.toThrow(/'30s'/);
    await expect(breakLock('job.lock', untyped({ Force: true }))).rejects.toThrow(/Did you mean `force`\?/);
  });

  it('include a value that is not an object', async () => {
    const refused: Promise<unknown> = Reflect.apply(acquire, undefined, ['job.lock', null]);
    await expect(refused).rejects.toThrow(/options must be an object/);
  });

  it('include a missing function', async () => {
    const refused: Promise<unknown> = Reflect.apply(withLock, undefined, ['job.lock', {}, 'work']);
    await expect(refused).rejects.toThrow(/needs a function/);
  });
});

describe('a wrong path', () => {
  it.each([
    ['', /not empty/],
    ['a\0b', /NUL/],
  ])('is refused: %j', async (path, words) => {
    await expect(acquire(path)).rejects.toThrow(TypeError);
    await expect(acquire(path)).rejects.toThrow(words);
  });

  it('is one that is not a string', async () => {
    const refused: Promise<unknown> = Reflect.apply(acquire, undefined, [7]);
    await expect(refused).rejects.toThrow(TypeError);
  });
});
