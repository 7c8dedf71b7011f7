import type { Contender } from './contender.js';
import { type Event, parseEvent } from './event.js';
import { Eyes, type SeenRecord, type Sight, sightOf } from './lock-file.js';
import { STALE_TIMEOUT } from './options.js';
import type { Step } from './step-report.js';
import { isForeign } from './strangers.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** What happened to a record. */
interface Fate {
  readonly pid: number;
  state: 'in place' | 'taken' | 'removed';
  /** The step that caused it. */
  since: number;
}

/** What the referee knows of a contender. */
interface Play {
  readonly letter: string;
  readonly pid: number;
  /** What it is doing, and since which step. */
  doing: 'nothing' | 'acquiring' | 'holding' | 'beating' | 'releasing';
  since: number;
  /** The token of the lock that it believes it holds. */
  token: string | null;
  /** Whether someone else, neither dead nor stale, has held the lock since it began to acquire. */
  hasSeenHolder: boolean;
  /** Whether another contender was inside the guard since it began its current operation. */
  hasSeenGuard: boolean;
}

/**
 * Compares the lock file, after every step, with what the contenders were told, and throws a {@link Violation} as soon as
 * they disagree. It trusts nobody: everything it knows comes from the file and from the schedule.
 */
export class Referee {
  readonly #world: World;
  readonly #guard: string;
  readonly #plays = new Map<number, Play>();
  readonly #fates = new Map<string, Fate>();
  /** The PIDs of those inside the guard, as far as their calls show. */
  readonly #inGuard = new Set<number>();
  #sight: Sight;
  /** Who changed the lock file last; `null`: nobody since the beginning. */
  #writer: number | null = null;
  #step = 0;
  #now: number;
  #highestFencingToken: number;

  constructor(world: World, path: string) {
    this.#world = world;
    this.#guard = `${path}.guard`;
    this.#now = world.elapsed;
    this.#sight = sightOf(new Eyes(path).look());
    this.#highestFencingToken = this.#sight.record?.fencingToken ?? 0;
    this.#settle(this.#sight.record, 'in place');
  }

  /** The lock file as it was after the last step. */
  get sight(): Sight {
    return this.#sight;
  }

  introduce({ letter, pid }: Contender): void {
    this.#plays.set(pid, {
      letter,
      pid,
      doing: 'nothing',
      since: 0,
      token: null,
      hasSeenHolder: false,
      hasSeenGuard: false,
    });
  }

  isHolding({ pid }: Contender): boolean {
    return this.#play(pid).token !== null;
  }

  /** Must be called for each step of a contender. */
  judge({ pid }: Contender, { call, outcome, told, lock, at }: Step): void {
    this.#step++;
    this.#now = at;
    const mover = this.#play(pid);
    const before = this.#sight;
    if (lock !== before.text) {
      this.#sight = sightOf(lock);
      this.#writer = pid;
      this.#judgeChange(mover, before, this.#sight.record);
    }
    if (outcome === 'ok') this.#watchGuard(mover, call);
    this.#witness();
    for (const text of told) this.#judgeEvent(mover, parseEvent(text));
    this.#judgeBeliefs();
  }

  #judgeChange(mover: Play, { record: before }: Sight, after: SeenRecord | null): void {
    if (after === null) {
      if (before !== null) this.#judgeRemoval(mover, before);
    } else if (after.token !== before?.token) {
      this.#judgeClaim(mover, before, after);
    } else if (after.pid !== mover.pid) {
      throw new Violation('hands off', `${mover.letter} has changed the record of ${this.#nameOf(after)}`);
    }
  }

  #judgeRemoval(mover: Play, removed: SeenRecord): void {
    if (removed.pid !== mover.pid || mover.doing !== 'releasing') {
      throw new Violation('hands off', `${mover.letter} has removed the record of ${this.#nameOf(removed)}`);
    }
    this.#settle(removed, 'removed');
  }

  #judgeClaim(mover: Play, before: SeenRecord | null, after: SeenRecord): void {
    if (after.pid !== mover.pid) {
      throw new Violation(
        'hands off',
        `${mover.letter} has put the record of ${this.#nameOf(after)} in place`,
      );
    }
    const fate = this.#fates.get(after.token);
    if (fate !== undefined) {
      throw new Violation('hands off', `${mover.letter} has put its record back, which was ${fate.state}`);
    }
    if (before !== null) {
      // A claim whose answer may have come too late is replaced by another one of the same call.
      const isUntold = before.pid === mover.pid && before.token !== mover.token;
      if (this.#isLive(before) && !isUntold) {
        throw new Violation(
          'no robbery',
          `${mover.letter} has taken the lock from ${this.#nameOf(before)}, which is alive and gave its last ` +
            `heartbeat ${this.#ageOf(before)} ms ago`,
        );
      }
      this.#settle(before, 'taken');
    }
    if (after.fencingToken <= this.#highestFencingToken) {
      throw new Violation(
        'fencing',
        `${mover.letter} has put the fencing token ${after.fencingToken} in place, but ${this.#highestFencingToken} ` +
          'was there before',
      );
    }
    this.#highestFencingToken = after.fencingToken;
    this.#settle(after, 'in place');
  }

  #watchGuard(mover: Play, call: string): void {
    if (call.startsWith('rename ') && call.endsWith(` -> ${this.#guard}`)) this.#inGuard.add(mover.pid);
    // The owner's file, not one that it has staged.
    if (call.startsWith(`unlink ${this.#guard}/`) && call.includes(',')) this.#inGuard.delete(mover.pid);
  }

  /** Notes what can be seen at this moment, for the answers to calls that are still running. */
  #witness(): void {
    const { record } = this.#sight;
    const isHeld = record === null ? this.#isHalfWritten() : this.#isLive(record);
    for (const play of this.#plays.values()) {
      if (isHeld && record?.pid !== play.pid) play.hasSeenHolder = true;
      for (const pid of this.#inGuard) {
        if (pid !== play.pid && this.#world.isAlive(pid)) play.hasSeenGuard = true;
      }
    }
  }

  #judgeEvent(mover: Play, event: Event): void {
    switch (event.kind) {
      case 'acquiring':
      case 'beating':
      case 'releasing':
        this.#begin(mover, event.kind);
        break;
      case 'acquired':
        this.#expect(
          this.#fates.get(event.token)?.pid === mover.pid,
          mover,
          'that it has the lock, but its record was never there',
        );
        this.#expect(
          this.#stateOf(event.token) !== 'removed',
          mover,
          'that it has the lock, but its record was removed',
        );
        mover.token = event.token;
        mover.doing = 'holding';
        break;
      case 'busy':
        this.#expect(
          event.reason.includes('is changing it right now') ? mover.hasSeenGuard : mover.hasSeenHolder,
          mover,
          `that the lock is busy (${event.reason}), but nobody was there`,
        );
        break;
      case 'occupied':
        this.#expect(mover.hasSeenGuard, mover, 'that the guard is held, but nobody was in it');
        break;
      case 'beaten':
        this.#expect(
          !this.#wasTakenBefore(mover),
          mover,
          'that its heartbeat is written, but the lock was taken before',
        );
        break;
      case 'released':
        this.#expect(
          this.#stateOf(mover.token) === 'removed',
          mover,
          'that it has released, but its record was not removed',
        );
        mover.token = null;
        break;
      case 'lost':
        this.#expect(
          this.#stateOf(mover.token) === 'taken',
          mover,
          'that the lock is lost, but nobody has taken it',
        );
        mover.token = null;
        break;
      case 'foreign':
        this.#expect(
          isForeign(this.#sight.text),
          mover,
          "that the file is not a lock, but it is not a user's file",
        );
        break;
      case 'failed':
        throw new Violation('no failure', `${mover.letter} was told: ${event.error}`);
    }
  }

  #begin(mover: Play, what: Play['doing']): void {
    mover.doing = what;
    mover.since = this.#step;
    mover.hasSeenHolder = false;
    mover.hasSeenGuard = false;
    this.#witness();
  }

  /** Whether the lock was taken before the mover began its current operation. */
  #wasTakenBefore({ token, since }: Play): boolean {
    const fate = this.#fates.get(token ?? '');
    return fate?.state === 'taken' && fate.since <= since;
  }

  #judgeBeliefs(): void {
    const believers = [...this.#plays.values()].filter(
      ({ pid, token }) => token !== null && this.#world.isAlive(pid) && this.#stateOf(token) === 'in place',
    );
    if (believers.length > 1) {
      throw new Violation(
        'one holder',
        `${believers.map(({ letter }) => letter).join(' and ')} hold the lock`,
      );
    }
    for (const { letter, token } of believers) {
      if (token !== this.#sight.record?.token) {
        throw new Violation('one holder', `${letter} holds the lock, but its record is not there`);
      }
    }
  }

  #expect(isTrue: boolean, { letter }: Play, what: string): void {
    if (!isTrue) throw new Violation('truth', `${letter} was told ${what}`);
  }

  /** Whether there is a text that is not a record yet, by someone who can still turn it into one. */
  #isHalfWritten(): boolean {
    return this.#sight.text !== null && this.#writer !== null && this.#world.isAlive(this.#writer);
  }

  #isLive(record: SeenRecord): boolean {
    return this.#world.isAlive(record.pid) && this.#ageOf(record) <= STALE_TIMEOUT;
  }

  #ageOf({ beatAt }: SeenRecord): number {
    return this.#now - beatAt;
  }

  #settle(record: SeenRecord | null, state: Fate['state']): void {
    if (record !== null) this.#fates.set(record.token, { pid: record.pid, state, since: this.#step });
  }

  #stateOf(token: string | null): Fate['state'] | undefined {
    return token === null ? undefined : this.#fates.get(token)?.state;
  }

  #nameOf({ pid }: SeenRecord): string {
    return this.#plays.get(pid)?.letter ?? `PID ${pid}`;
  }

  #play(pid: number): Play {
    const play = this.#plays.get(pid);
    if (play === undefined) throw new Error(`PID ${pid} was not introduced`);
    return play;
  }
}
