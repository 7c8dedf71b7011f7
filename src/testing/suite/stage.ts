import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { store } from '../../core/options/options.js';
import { refuseUnknown, show } from '../../core/options/validate.js';
import type { LockRecord } from '../../core/record/record.js';
import type { Awaitable, Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import { systemProcesses } from '../../system/processes/system.js';

/** What the suite tests. */
export interface StoreUnderTest {
  /** The store to test. */
  readonly store: Store;
  /**
   * Creates another client of the same locks, as another process would have: with its own connection.
   *
   * Default: there is only the one client.
   */
  readonly another?: (() => Awaitable<Store>) | undefined;
  /**
   * Makes a lock's name from a word, if the store does not take every word.
   *
   * Default: the word itself.
   */
  readonly nameOf?: ((word: string) => string) | undefined;
  /** Called after the test. Default: does nothing. */
  readonly close?: (() => Awaitable<void>) | undefined;
}

/** No store takes this many milliseconds to show that a little time passed; a safety net for stores whose clock stands still. */
const TIMEOUT = 5000;

/** What a test of the suite has: a store, its own lock in it, and what it takes to claim it. */
export class Stage {
  readonly store: Store;
  /** The name of a lock that nobody else uses. */
  readonly name: string;
  readonly #made: StoreUnderTest;

  constructor(made: StoreUnderTest) {
    const given = store(made?.store);
    if (given === undefined) {
      throw new TypeError(`\`makeStore\` must return \`{ store }\`, but returned ${show(made)}.`);
    }
    refuseUnknown(made, ['store', 'another', 'nameOf', 'close'], ' of a store to test');
    this.#made = made;
    this.store = given;
    this.name = this.nameOf('job');
  }

  /** The canonical name of another lock that nobody else uses. */
  nameOf(word: string): string {
    return this.resolve(`${randomUUID()} ${word}`);
  }

  /** The canonical name of the lock called by that word. Throws if the store refuses it. */
  resolve(word: string): string {
    return this.store.resolve(this.#made.nameOf?.(word) ?? word);
  }

  /** The store, and others that see the same locks, as many as there are. */
  async clients(count: number): Promise<Store[]> {
    const stores = [this.store];
    while (stores.length < count) stores.push((await this.#made.another?.()) ?? this.store);
    return stores;
  }

  /** What a contender says about itself, by default this process. */
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

  /** Claims the lock, which must succeed. Returns its record. */
  async hold(claim: Claim = this.claim(), over?: string, name: string = this.name): Promise<LockRecord> {
    return done(await this.store.claim(name, claim, over), 'claim');
  }

  /** Takes the lock over from whoever holds it. Returns the new record. */
  async takeOver(claim: Claim = this.claim()): Promise<LockRecord> {
    return this.hold(claim, (await this.find()).version);
  }

  /** Another contender claims the lock, and may fail. */
  contend(over?: string): Awaitable<Outcome> {
    return this.store.claim(this.name, this.claim(), over);
  }

  /** Claims the lock. Returns the claim. */
  async holder(changes: Partial<Claim> = {}): Promise<Claim> {
    const claim = this.claim(changes);
    await this.hold(claim);
    return claim;
  }

  /** Claims the lock and sends a heartbeat with everything that a holder can say about its work. */
  async work(): Promise<Claim> {
    const claim = await this.holder({ workers: [this.self] });
    const progress = { ratio: 0.5, note: 'half-way' };
    done(await this.store.beat(this.name, claim.token, { progress }), 'beat');
    return claim;
  }

  /** As the store does, with this lock; so do the next two. */
  beat(token: string, beat: Beat = {}): Awaitable<Outcome> {
    return this.store.beat(this.name, token, beat);
  }

  remove(token: string, hold?: number): Awaitable<Outcome> {
    return this.store.remove(this.name, token, hold);
  }

  read(): Awaitable<Stored | null> {
    return this.store.read(this.name);
  }

  /** Reads the lock, which must have a record. */
  async find(name: string = this.name): Promise<Stored & { readonly record: LockRecord }> {
    const stored = await this.store.read(name);
    assert.ok(stored !== null, 'The lock is held, but `read` finds nothing.');
    const { record } = stored;
    assert.ok(record !== null, 'The lock is held, but `read` finds no record in it.');
    return { ...stored, record };
  }

  /** Resolves when `has` returns true, which it must at some point if the store's clock goes on. */
  async until(has: () => Promise<boolean>, otherwise: string): Promise<void> {
    for (let waited = 0; waited < TIMEOUT; waited += 2) {
      if (await has()) return;
      await sleep(2);
    }
    assert.fail(otherwise);
  }
}

/** Checks by name: what a store must do, and how to find out whether it does. */
export type Rules = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

/** The record that an operation returned, which must have been done. */
export function done(outcome: Outcome, operation: string): LockRecord {
  assert.ok(outcome.done, `\`${operation}\` was not done, although the lock was what the caller had named.`);
  return outcome.record;
}

/** What a record says about the work once it has ended. */
export const NO_WORK = { workers: [], command: null, user: null, cwd: null, progress: null };

/** Checks what is kept of a lock that was released. */
export function assertNoWork({ workers, command, user, cwd, progress }: LockRecord): void {
  assert.deepEqual(
    { workers, command, user, cwd, progress },
    NO_WORK,
    'The record of a released lock still says what ran, as whom, where and how far.',
  );
}

/** Asserts that an operation was not done. Returns the record that it found instead. */
export function notDone(outcome: Outcome, message: string): LockRecord | null {
  assert.ok(!outcome.done, message);
  return outcome.found;
}
