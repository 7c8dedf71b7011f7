import { readdirSync } from 'node:fs';
import { systemProcesses } from 'livinglock';
import type { StrikeSignal, WorkerSettings } from '../protocol.js';
import type { Random } from '../random.js';

/** About as many file-system calls as it takes to acquire, beat and release; a strike further away comes in the next turn. */
const CALLS_AHEAD = 60;

/** Kills or stops its own process at one of the library's file-system calls: at every state of the disk that a lock passes through. */
export class SelfStrike {
  readonly #settings: WorkerSettings;
  readonly #random: Random;
  readonly #strike: (by: StrikeSignal, inGuard: boolean) => void;
  #pending: StrikeSignal | null = null;
  #callsLeft = 0;
  #counts = false;
  #isForgone = false;

  constructor(
    settings: WorkerSettings,
    random: Random,
    strike: (by: StrikeSignal, inGuard: boolean) => void,
  ) {
    this.#settings = settings;
    this.#random = random;
    this.#strike = strike;
  }

  /** Decides what happens in a turn. */
  draw(): void {
    if (this.#isForgone || this.#pending !== null) return;
    const { kill, stop } = this.#settings;
    const lot = this.#random.next();
    this.#pending = lot < kill ? 'SIGKILL' : lot < kill + stop ? 'SIGSTOP' : null;
    this.#callsLeft = 1 + this.#random.below(CALLS_AHEAD);
  }

  /** Nothing is changed from now on, and most calls are those of contenders that find the lock busy: they do not count. */
  startLooking(): void {
    this.#counts = false;
  }

  /** From now on each call counts. */
  startChanging(): void {
    this.#counts = true;
  }

  /** Must be called before each call. */
  step(): void {
    if (!this.#counts || this.#pending === null) return;
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return;
    const by = this.#pending;
    this.#pending = null;
    this.#strike(by, isInGuard(this.#settings.lock));
  }

  /** No more strikes. */
  forgo(): void {
    this.#isForgone = true;
    this.#pending = null;
  }
}

/** The name of the file in the guard begins with a token and its owner's PID; two words later comes when it was started. */
function isInGuard(lock: string): boolean {
  const { pid, started } = systemProcesses().self();
  const isMine = ([, itsPid, , itsStart]: readonly string[]) =>
    itsPid === String(pid) && itsStart === encodeURIComponent(started ?? '');
  try {
    return readdirSync(`${lock}.guard`).some((name) => isMine(name.split(',')));
  } catch {
    return false;
  }
}
