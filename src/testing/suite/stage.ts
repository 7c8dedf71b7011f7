import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockRecord } from '../../core/record.js';
import type { Awaitable, Claim, Outcome, Store, Stored } from '../../core/store.js';
import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import { systemProcesses } from '../../system/processes/system.js';

/** What the suite is given to test. */
export interface StoreUnderTest {
  readonly store: Store;
  /**
   * Makes another client of the same locks, as another process would have it: with a connection of its own.
   *
   * Default: there is only the one.
   */
  readonly another?: (() => Awaitable<Store>) | undefined;
  /**
   * Makes a lock's name of a word, where the store cannot take any.
   *
   * Default: the word itself.
   */
  readonly nameOf?: ((word: string) => string) | undefined;
  /** Called after the test. Default: nothing is. */
  readonly close?: (() => Awaitable<void>) | undefined;
}

/** No store takes that long, in milliseconds, to see a little time pass; a net for those whose clock stands still. */
const PATIENCE = 5000;

/** What a test of the suite has: a store, a lock of its own in it, and what it takes to claim it. */
export class Stage {
  readonly store: Store;
  /** Of a lock that nobody else uses. */
  readonly name: string;
  readonly #made: StoreUnderTest;

  constructor(made: StoreUnderTest) {
    this.#made = made;
    this.store = made.store;
    this.name = this.nameOf('job');
  }

  /** The canonical name of another lock that nobody else uses. */
  nameOf(word: string): string {
    return this.resolve(`${randomUUID()} ${word}`);
  }

  /** The canonical name of the lock of that word. Throws where the store does not take it. */
  resolve(word: string): string {
    return this.store.resolve(this.#made.nameOf?.(word) ?? word);
  }

  /** The store, and others that see the same locks, as far as there are any. */
  async clients(count: number): Promise<Store[]> {
    const stores = [this.store];
    while (stores.length < count) stores.push((await this.#made.another?.()) ?? this.store);
    return stores;
  }

  /** What a contender says of itself, by default this process. */
  claim(changes: Partial<Claim> = {}): Claim {
    return {
      token: randomUUID(),
      process: this.self,
      workers: [],
      staleTimeout: 3_600_000,
      command: 'nightly.js',
      user: 'batch',
      cwd: '/srv/shop',
      owner: null,
      ...changes,
    };
  }

  get self(): ProcessIdentity {
    return systemProcesses().self();
  }

  /** A process of this machine that has ended. */
  dead(): ProcessIdentity {
    const { pid } = spawnSync(process.execPath, ['--version']);
    return { ...this.self, pid, started: '1' };
  }

  /** Claims the lock, which must succeed. */
  async hold(claim: Claim = this.claim(), over?: string, name: string = this.name): Promise<LockRecord> {
    return done(await this.store.claim(name, claim, over), 'claim');
  }

  /** Claims the lock and gives a heartbeat, with all that a holder can say of its work. */
  async work(): Promise<Claim> {
    const claim = this.claim({ workers: [this.self] });
    await this.hold(claim);
    const progress = { ratio: 0.5, note: 'half-way' };
    done(await this.store.beat(this.name, claim.token, { progress }), 'beat');
    return claim;
  }

  /** What is there, which must be a record. */
  async find(name: string = this.name): Promise<Stored & { readonly record: LockRecord }> {
    const stored = await this.store.read(name);
    assert.ok(stored !== null, 'The lock is held, but `read` finds nothing.');
    const { record } = stored;
    assert.ok(record !== null, 'The lock is held, but `read` finds no record in it.');
    return { ...stored, record };
  }

  /** Resolves when `has` is true, which it must become for a store whose clock goes on. */
  async until(has: () => Promise<boolean>, otherwise: string): Promise<void> {
    for (let waited = 0; waited < PATIENCE; waited += 2) {
      if (await has()) return;
      await sleep(2);
    }
    assert.fail(otherwise);
  }
}

/** By what a store must do, how to find out whether it does. */
export type Rules = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

/** The record of an operation that must have been done. */
export function done(outcome: Outcome, operation: string): LockRecord {
  assert.ok(outcome.done, `\`${operation}\` was not done, although the lock was what the caller had named.`);
  return outcome.record;
}

/** What a record says of the work once that has ended. */
export const NO_WORK = { workers: [], command: null, user: null, cwd: null, progress: null };

/** For what is kept of a lock that was released. */
export function assertNoWork({ workers, command, user, cwd, progress }: LockRecord): void {
  assert.deepEqual(
    { workers, command, user, cwd, progress },
    NO_WORK,
    'What ran under a lock that was released, as whom, where and how far is still kept.',
  );
}

/** For an operation that must not have been done. */
export function notDone(outcome: Outcome, message: string): void {
  assert.ok(!outcome.done, message);
}
