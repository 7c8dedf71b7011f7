import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Awaitable } from '../../src/core/store.js';
import { acquire, ErrLockBusy, ErrLockLost, type Lock, type Store } from '../../src/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../support/world.js';

// Whole histories of one lock. The witness is not the lock: it goes by what the calls of two contenders gave.

const NAME = 'nightly';
const TIMEOUT = 10 * MINUTE;

type Fate = 'answered' | 'slow' | 'too late' | 'unanswered' | 'undelivered' | 'repeated';

type Step =
  | {
      readonly do: 'acquire' | 'beat' | 'release' | 'crash';
      readonly who: 0 | 1;
      /** What becomes of the next calls to the store. */
      readonly fates: readonly Fate[];
    }
  | { readonly do: 'advance' | 'suspend' | 'set back'; readonly by: number };

/** Somebody believes to hold the lock. */
interface Belief {
  readonly lock: Lock;
  /** When the last call began that has confirmed it, on the monotonic clock. */
  confirmedAt: number;
  readonly aborted: unknown[];
  readonly rejected: Set<unknown>;
  isOver: boolean;
}

interface Contender {
  process: FakeProcess;
  belief: Belief | null;
  fates: Fate[];
  /** Whether a call of it waits for its answer. */
  isWaiting: boolean;
}

class History {
  readonly clock = new FakeClock();
  readonly #processes = new FakeProcessTable(this.clock);
  readonly #store = memoryStore({ clock: this.clock, processes: this.#processes });
  readonly #contenders: readonly Contender[] = [0, 1].map(() => ({
    process: this.#processes.start(),
    belief: null,
    fates: [],
    isWaiting: false,
  }));
  readonly #beliefs: Belief[] = [];
  /** What the witness has seen that must not be. */
  readonly faults: string[] = [];

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'advance':
        return this.clock.advance(step.by);
      case 'suspend':
        return this.clock.suspend(step.by);
      case 'set back':
        return this.clock.stepWallClock(-step.by);
    }
    const contender = this.#contenders[step.who];
    if (contender === undefined) throw new Error('there are two contenders');
    if (step.do === 'crash') return this.#crash(contender);
    if (contender.isWaiting) return;
    contender.fates = [...step.fates];
    contender.isWaiting = true;
    void this.#act(contender, step.do).finally(() => {
      contender.isWaiting = false;
    });
    await this.clock.advance(0);
  }

  /** All let go, and the store answers again. */
  async end(): Promise<void> {
    // As long as every call of one operation may take if each of its answers comes too late.
    await this.clock.advance(3 * HOUR);
    expect(this.#contenders.map(({ isWaiting }) => isWaiting)).toEqual([false, false]);
    for (const contender of this.#contenders) {
      contender.fates = [];
      await this.#act(contender, 'release');
    }
    await this.clock.advance(HOUR + MINUTE);
    for (const { aborted, rejected } of this.#beliefs) {
      if (aborted.length > 1) this.faults.push('a signal has aborted twice');
      if (new Set([...aborted, ...rejected]).size > 1) this.faults.push('two errors tell of one loss');
    }
  }

  /** By somebody who never takes over from a process that lives. */
  async acquireAtLast(): Promise<void> {
    const processes = this.#processes.as(this.#processes.start());
    const dependencies = { clock: this.clock, processes };
    const store = this.#store;
    const lock = await acquire(NAME, { store, staleTimeout: Number.POSITIVE_INFINITY, dependencies });
    await lock.release();
  }

  #crash(contender: Contender): void {
    contender.process.kill();
    contender.process = this.#processes.start();
    if (contender.belief !== null) contender.belief.isOver = true;
    contender.belief = null;
  }

  async #act(contender: Contender, act: 'acquire' | 'beat' | 'release'): Promise<void> {
    const { belief } = contender;
    if (act === 'acquire') return belief === null ? this.#acquire(contender) : undefined;
    if (belief === null) return;
    if (act === 'beat') return this.#hear(belief, () => belief.lock.heartBeat());
    belief.isOver = true;
    contender.belief = null;
    return this.#hear(belief, () => belief.lock.releaseForGood());
  }

  async #acquire(contender: Contender): Promise<void> {
    const { process } = contender;
    const dependencies = { clock: this.clock, processes: this.#processes.as(process) };
    const confirmedAt = this.clock.monotonic();
    try {
      const lock = await acquire(NAME, {
        staleTimeout: TIMEOUT,
        heartbeatMinimalInterval: 0,
        store: this.#storeOf(contender),
        dependencies,
      });
      if (process === contender.process) contender.belief = this.#witness(lock, confirmedAt);
    } catch (error) {
      if (!(error instanceof ErrLockBusy)) expect(String(error)).toMatch(/no way there|no answer came/);
    }
  }

  #witness(lock: Lock, confirmedAt: number): Belief {
    const now = this.clock.monotonic();
    const others = this.#beliefs.filter((other) => !other.isOver && now - other.confirmedAt <= TIMEOUT);
    if (others.length > 0) this.faults.push('two hold the lock');
    const belief: Belief = { lock, confirmedAt, aborted: [], rejected: new Set(), isOver: false };
    lock.signal.addEventListener('abort', () => {
      belief.aborted.push(lock.signal.reason);
      belief.isOver = true;
    });
    this.#beliefs.push(belief);
    return belief;
  }

  async #hear(belief: Belief, call: () => Promise<void>): Promise<void> {
    const startedAt = this.clock.monotonic();
    try {
      await call();
      belief.confirmedAt = startedAt;
    } catch (error) {
      if (!(error instanceof ErrLockLost)) return;
      belief.rejected.add(error);
      belief.isOver = true;
    }
  }

  #storeOf(contender: Contender): Store {
    const store = this.#store;
    const reach = <T>(operate: () => Awaitable<T>) => this.#reach(contender.fates.shift(), operate);
    return {
      resolve: (name) => store.resolve(name),
      read: (name) => reach(() => store.read(name)),
      claim: (...claim) => reach(() => store.claim(...claim)),
      beat: (...beat) => reach(() => store.beat(...beat)),
      remove: (...removal) => reach(() => store.remove(...removal)),
    };
  }

  async #reach<T>(fate: Fate | undefined, operate: () => Awaitable<T>): Promise<T> {
    if (fate === 'undelivered') throw new Error('no way there');
    if (fate === 'slow') await this.clock.sleep(20 * SECOND);
    const answer = await operate();
    if (fate === 'repeated') await operate();
    if (fate === 'slow') await this.clock.sleep(20 * SECOND);
    if (fate === 'too late') await this.clock.sleep(2 * TIMEOUT);
    if (fate === 'unanswered') throw new Error('no answer came');
    return answer;
  }
}

const times = fc.constantFrom(1, 30 * SECOND, MINUTE, TIMEOUT - 1, TIMEOUT, TIMEOUT + 1);
const fates = fc.array(
  fc.constantFrom<Fate[]>(
    'answered',
    'answered',
    'slow',
    'too late',
    'unanswered',
    'undelivered',
    'repeated',
  ),
  { maxLength: 6 },
);
const acts = fc.constantFrom<('acquire' | 'beat' | 'release' | 'crash')[]>(
  ...(['acquire', 'acquire', 'acquire', 'beat', 'beat', 'release', 'crash'] as const),
);
const steps = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 5, arbitrary: fc.record({ do: acts, who: fc.constantFrom<(0 | 1)[]>(0, 1), fates }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), by: times }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('suspend' as const, 'set back' as const),
      by: fc.constantFrom(MINUTE, HOUR, DAY),
    }),
  },
);

it('over whole histories no two hold the lock, a loss is told once, and in the end it is free', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 30, size: 'max' }), async (all) => {
      const history = new History();
      for (const step of all) await history.take(step);
      await history.end();
      expect(history.faults).toEqual([]);
      await history.acquireAtLast();
    }),
    { numRuns: 300 },
  );
}, 60_000);
