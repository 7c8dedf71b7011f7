import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrLockBusy, ErrLockLost, inspect, type Lock } from '../../src/index.js';
import type { FakeProcess } from '../../src/testing/index.js';
import { DAY, MINUTE, World } from '../../support/world.js';

const TIMEOUT = 10 * MINUTE;

type Step =
  | { readonly do: 'acquire' | 'beat' | 'release' | 'crash' | 'zombify'; readonly who: 0 | 1 | 2 }
  | { readonly do: 'advance' | 'step'; readonly by: number };

/** What a living lock is, without files, guards or records. */
class Model {
  holder: { lock: object; beatAt: number; isDead: boolean } | null = null;
  now = 0;

  acquire(lock: object): boolean {
    const { holder } = this;
    if (holder !== null && !holder.isDead && this.now - holder.beatAt <= TIMEOUT) return false;
    this.holder = { lock, beatAt: this.now, isDead: false };
    return true;
  }

  beat(lock: object): boolean {
    if (this.holder?.lock !== lock) return false;
    this.holder.beatAt = this.now;
    return true;
  }

  release(lock: object): boolean {
    if (this.holder?.lock !== lock) return false;
    this.holder = null;
    return true;
  }

  die(lock: object): void {
    if (this.holder?.lock === lock) this.holder.isDead = true;
  }

  get state(): string {
    if (this.holder === null) return 'free';
    if (this.holder.isDead) return 'dead';
    return this.now - this.holder.beatAt > TIMEOUT ? 'stalled' : 'live';
  }
}

/** Three processes, each with the lock that it believes it holds. */
class Run {
  readonly world = new World();
  readonly model = new Model();
  readonly processes: FakeProcess[] = [0, 1, 2].map(() => this.world.processes.start());
  readonly locks = new Map<FakeProcess, Lock>();

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'advance':
        this.model.now += step.by;
        return this.world.clock.advance(step.by);
      case 'step':
        return this.world.clock.stepWallClock(step.by);
    }
    const process = this.processes[step.who];
    if (process === undefined) throw new Error('there are three processes');
    const lock = this.locks.get(process);
    switch (step.do) {
      case 'acquire':
        return this.acquire(process);
      case 'beat':
        if (lock !== undefined) expect(await succeeds(lock.heartBeat())).toBe(this.model.beat(lock));
        return;
      case 'release':
        if (lock === undefined) return;
        expect(await succeeds(lock.release())).toBe(this.model.release(lock));
        this.locks.delete(process);
        return;
      case 'crash':
      case 'zombify':
        if (step.do === 'crash') process.kill();
        else process.zombify();
        if (lock !== undefined) this.model.die(lock);
        this.processes[step.who] = this.world.processes.start();
    }
  }

  async acquire(process: FakeProcess): Promise<void> {
    const options = { staleTimeout: TIMEOUT, heartbeatMinimalInterval: 0 };
    try {
      const lock = await this.world.acquire(process, options);
      expect(this.model.acquire(lock)).toBe(true);
      expect(lock.fencingToken).toBeGreaterThan(this.lastFencingToken);
      this.lastFencingToken = lock.fencingToken;
      this.locks.set(process, lock);
    } catch (error) {
      expect(error).toBeInstanceOf(ErrLockBusy);
      expect(this.model.acquire({})).toBe(false);
    }
  }

  private lastFencingToken = 0;
}

async function succeeds(promise: Promise<void>): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ErrLockLost);
    return false;
  }
}

describe('three processes', () => {
  const who = fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2);
  const acts = fc.constantFrom<('acquire' | 'beat' | 'release' | 'crash' | 'zombify')[]>(
    'acquire',
    'acquire',
    'beat',
    'release',
    'crash',
    'zombify',
  );
  const steps: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: acts, who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), by: durations() }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('step' as const), by: fc.integer({ min: 1, max: DAY }) }),
    },
  );

  it('agree with the model, whatever they do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40, size: 'max' }), async (all) => {
        const run = new Run();
        for (const step of all) {
          await run.take(step);
          const { state } = await inspect(run.world.path, {
            dependencies: run.world.as(),
            staleTimeout: TIMEOUT,
          });
          expect(state).toBe(run.model.state);
        }
      }),
      { numRuns: 300 },
    );
  });

  function durations(): fc.Arbitrary<number> {
    return fc.constantFrom(1, MINUTE, TIMEOUT - 1, TIMEOUT, TIMEOUT + 1);
  }
});
