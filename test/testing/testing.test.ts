import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/index.js';
import { FakeClock, FakeProcessTable } from '../../src/testing/index.js';

describe('the fake clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new FakeClock(1000);
    const monotonic = clock.monotonic();
    expect(clock.now()).toBe(1000);
    await clock.advance(250);
    expect(clock.now()).toBe(1250);
    expect(clock.monotonic()).toBe(monotonic + 250);
  });

  it('wakes sleepers in the order of their times, each at its own', async () => {
    const clock = new FakeClock(0);
    const woken: [string, number][] = [];
    const sleep = (name: string, milliseconds: number) =>
      clock.sleep(milliseconds).then(() => woken.push([name, clock.now()]));
    void sleep('late', 300);
    void sleep('early', 100).then(() => sleep('again', 150));
    await clock.advance(299);
    expect(woken).toEqual([
      ['early', 100],
      ['again', 250],
    ]);
    await clock.advance(1);
    expect(woken.at(-1)).toEqual(['late', 300]);
    expect(clock.sleeping).toBe(0);
  });

  it('lets time pass in any sleep, however short', async () => {
    const clock = new FakeClock();
    const before = clock.monotonic();
    void clock.sleep(Number.EPSILON).then(() => clock.sleep(Number.EPSILON));
    await clock.advance(1);
    expect(clock.sleeping).toBe(0);
    const asleep = clock.sleep(1e-12);
    await clock.advance(1e-3);
    await asleep;
    expect(clock.monotonic()).toBeGreaterThan(before + 1);
  });

  it('lets a sleeper go when its signal aborts', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(100, { signal: controller.signal });
    controller.abort('enough');
    await expect(sleeping).rejects.toBe('enough');
    await expect(clock.sleep(1, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    expect(clock.sleeping).toBe(0);
  });

  it('can be set, suspended, and rebooted', () => {
    const clock = new FakeClock(5000);
    const monotonic = clock.monotonic();
    clock.stepWallClock(-2000);
    clock.suspend(500);
    expect(clock.now()).toBe(3500);
    expect(clock.monotonic()).toBe(monotonic);
    clock.reboot();
    expect(clock.monotonic()).toBe(0);
  });

  it.each<[unknown, typeof RangeError]>([
    ['5m', TypeError],
    [undefined, TypeError],
    [Number.NaN, RangeError],
    [Number.POSITIVE_INFINITY, RangeError],
    [-5, RangeError],
  ])('refuses to go on for %s', async (value, fault) => {
    const clock = new FakeClock(5000);
    await expect(Reflect.apply(clock.advance, clock, [value])).rejects.toThrow(fault);
    expect(() => Reflect.apply(clock.suspend, clock, [value])).toThrow(fault);
    expect(clock.now()).toBe(5000);
  });

  it('refuses to be set to what is not a time', () => {
    expect(() => Reflect.construct(FakeClock, ['2020-01-01'])).toThrow(
      "A FakeClock takes a finite number of milliseconds in the constructor, but got '2020-01-01'.",
    );
    expect(() => new FakeClock(Number.NaN)).toThrow(RangeError);
    expect(() => new FakeClock().stepWallClock(Number.NaN)).toThrow(RangeError);
  });
});

describe('the fake process table', () => {
  it('gives each process a PID of its own, and itself one of them', () => {
    const processes = new FakeProcessTable();
    expect(processes.start().pid).not.toBe(processes.start().pid);
    expect(processes.liveness(processes.self())).toBe('alive');
    expect(processes.own.identity).toBe(processes.self());
  });

  it('shows the same processes to all of them, each as itself', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    const view = processes.as(other);
    expect(view.self()).toBe(other.identity);
    expect(view.liveness(processes.self())).toBe('alive');
  });

  it('forgets all processes of this machine at a reboot, and nobody elsewhere', () => {
    const processes = new FakeProcessTable();
    const before = processes.self();
    const elsewhere = processes.start({ hostname: 'other', bootId: 'other-boot' });
    processes.reboot();
    expect(processes.self().bootId).not.toBe(before.bootId);
    expect(processes.liveness(before)).toBe('unknown');
    expect(processes.as(elsewhere).liveness(elsewhere.identity)).toBe('alive');
  });

  it('refuses a process that it has not started', () => {
    const processes = new FakeProcessTable();
    const stranger = new FakeProcessTable().start();
    const other = processes.start();
    for (const method of ['as', 'lifeOf'] as const) {
      const call = (process: unknown) => () => Reflect.apply(processes[method], processes, [process]);
      expect(call(other.pid)).toThrow(
        new TypeError(
          `\`${method}\` takes a process that this FakeProcessTable has started, such as \`processes.start()\` returns, but got ${other.pid}.`,
        ),
      );
      expect(call(null)).toThrow(/ but got null\.$/);
      expect(call(other.identity)).toThrow(/ but got an object\.$/);
      expect(call(stranger)).toThrow(/ but got a process of another table\.$/);
    }
    other.kill();
    processes.reboot();
    expect(processes.as(other).self()).toBe(other.identity);
  });

  it('cannot turn a process that no longer exists into a zombie', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    other.kill();
    expect(() => other.zombify()).toThrow(/is gone/);
  });
});

describe("the system's clock", () => {
  it('tells the wall clock, finer than milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThan(before - 2);
    expect(now).toBeLessThan(Date.now() + 3);
    expect(new Set(Array.from({ length: 20 }, () => systemClock.now() % 1)).size).toBeGreaterThan(1);
  });

  it("tells the boot's clock as hrtime does", () => {
    const hrtime = () => Number(process.hrtime.bigint()) / 1e6;
    const before = hrtime();
    const now = systemClock.monotonic();
    expect(now).toBeGreaterThan(before - 1);
    expect(now).toBeLessThan(hrtime() + 1);
  });

  it('sleeps, until a signal aborts', async () => {
    await systemClock.sleep(1);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, { signal: controller.signal });
    controller.abort('enough');
    await expect(sleeping).rejects.toBe('enough');
    await expect(systemClock.sleep(1, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
  });
});
