import { systemClock } from 'livinglock';
import type { Chronicle } from '../chronicle.js';
import type { CommandMessage } from '../protocol.js';
import type { Stay } from '../stay.js';
import type { Plan } from './plan.js';
import type { RunnerEnd } from './run-process.js';

type Working = CommandMessage & { readonly what: 'working' };
type Draft = { -readonly [Key in keyof Stay]: Stay[Key] };

/** Exit statuses of livinglock and, beyond 128, of processes ended by a signal. */
const BUSY = 75;
const BY_SIGNAL = { SIGKILL: 137, SIGTERM: 143, SIGALRM: 142 } as const;

/** The events of one run: of its runner, and of the processes of its command. */
export class RunAccount {
  readonly #plan: Plan;
  readonly #chronicle: Chronicle;
  /** Until when each process was certainly at work, by PID. */
  readonly #workingUntil = new Map<number, number>();
  readonly #done = new Set<number>();
  readonly #killedAt = new Map<number, number>();
  #leader = Number.NaN;
  #stay: Draft | null = null;

  constructor(plan: Plan, chronicle: Chronicle) {
    this.#plan = plan;
    this.#chronicle = chronicle;
  }

  /** A process of the command has reported something. */
  hear(message: CommandMessage): void {
    switch (message.what) {
      case 'started':
        this.#leader = message.leader;
        if (this.#plan.strike?.when === 'start') this.#chronicle.strikeRun(this.#plan.strike.name);
        return;
      case 'working':
        this.#begin(message);
        return;
      case 'done':
        this.#done.add(message.pid);
        this.#workingUntil.set(message.pid, message.at);
        return;
      case 'alive':
        this.#workingUntil.set(message.pid, message.at);
        return;
    }
  }

  /** The torture is about to kill that process. */
  killed(pid: number, at: number): void {
    this.#killedAt.set(pid, at);
  }

  /** All processes have ended, and all reports have been received. */
  close(runner: RunnerEnd, errors: string): void {
    const isKilled = runner.signal === 'SIGKILL';
    if (!this.#isExpected(runner) || errors !== '') {
      this.#chronicle.fail(
        `a run ended with ${runner.code ?? runner.signal}: ${errors.trim() || 'no message'}`,
      );
    }
    if (this.#stay === null) {
      if (runner.code === BUSY) this.#chronicle.busy += 1;
      return;
    }
    this.#stay.insideUntil = this.#insideUntil();
    this.#stay.goneBy = systemClock.monotonic();
    this.#stay.end = isKilled ? 'killed' : 'released';
    this.#stay.endedAt = isKilled ? this.#stay.insideUntil : runner.at;
  }

  #begin({ pid, fencingToken, recordedAt, isGroupNamed, isAlone, at }: Working): void {
    this.#workingUntil.set(pid, at);
    if (recordedAt === null) {
      this.#chronicle.fail('a command was at work while the lock file did not name it');
    }
    if (this.#stay === null) {
      this.#stay = begin(this.#leader, fencingToken, recordedAt ?? at);
      this.#chronicle.add(this.#stay);
      if (!isGroupNamed) this.#chronicle.unnamedGroups += 1;
    }
    if (!isAlone) this.#stay.metSomebody = true;
  }

  /** A process that was killed before it reported that it was done was at work until then. */
  #insideUntil(): number {
    return Math.max(
      ...[...this.#workingUntil].map(([pid, at]) =>
        this.#done.has(pid) ? at : (this.#killedAt.get(pid) ?? at),
      ),
    );
  }

  #isExpected({ code, signal }: RunnerEnd): boolean {
    const { strike } = this.#plan;
    if (code === 0 || (code === BUSY && this.#stay === null)) return true;
    if (strike === null) return false;
    if (strike.parts.includes('runner')) {
      return strike.signal === 'SIGKILL' ? signal === 'SIGKILL' : code === BY_SIGNAL[strike.signal];
    }
    return strike.parts.includes('leader') && code === BY_SIGNAL.SIGKILL;
  }
}

function begin(leader: number, fencingToken: number, claimedAt: number): Draft {
  return {
    holder: 'command',
    pid: leader,
    namespace: 0,
    fencingToken,
    claimedAt,
    lastBeatAt: Number.POSITIVE_INFINITY,
    acquiredAt: claimedAt,
    metSomebody: false,
    insideUntil: Number.POSITIVE_INFINITY,
    goneBy: Number.POSITIVE_INFINITY,
    end: 'unknown',
    endedAt: Number.POSITIVE_INFINITY,
  };
}
