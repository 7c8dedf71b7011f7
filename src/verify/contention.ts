import { LivingLockError } from '../core/errors.js';
import type { Lock } from '../core/held/lock.js';
import { commonTime, systemClock } from '../system/clock.js';
import type { Evidence, Stay } from './findings.js';
import { type Crew, type Helper, within } from './helper/helper.js';
import type { Message } from './helper/program.js';

/** A contender is killed about once in this many milliseconds. */
const KILL_INTERVAL = 200;
/** A contender that has not ended this many milliseconds after being told to hangs in a call to the file system. */
const TIMEOUT = 10_000;

/** How processes contend for a lock. */
export interface ContentionRules {
  readonly lock: string;
  /** How many contenders run at a time. */
  readonly processes: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
  /** Given, and not imported, because the file that imports this one later, when it is needed, contains it. */
  readonly acquire: (path: string) => Promise<Lock>;
}

/** Lets several processes contend for a lock. Kills one from time to time, and replaces it. */
export async function runContention(crew: Crew, rules: ContentionRules): Promise<Evidence> {
  const { lock, processes, duration, signal } = rules;
  const all: Contender[] = [];
  const running = () => all.filter(({ isRunning }) => isRunning);
  // Replaces each contender that is gone, for whatever reason.
  const fill = async () => {
    const missing = processes - running().length;
    const helpers = await Promise.all(Array.from({ length: missing }, () => crew.hire()));
    for (const helper of helpers) all.push(new Contender(helper, lock));
  };
  let killed = 0;
  await fill();
  const start = commonTime();
  for (;;) {
    const left = start + duration - commonTime();
    const pause = KILL_INTERVAL * (0.5 + Math.random());
    await systemClock.sleep(Math.max(0, Math.min(left, pause)), { signal });
    if (left <= pause) break;
    const victim = victimOf(running());
    if (victim !== undefined) {
      killed++;
      await victim.kill();
    }
    await fill();
  }
  const end = commonTime();
  await Promise.all(all.map(stop));
  const stuck = await whyStuck(rules);
  const sum = (figure: (contender: Contender) => number) =>
    all.reduce((total, contender) => total + figure(contender), 0);
  return {
    processes,
    duration: end - start,
    stays: all.flatMap(({ stays }) => stays),
    turnedAway: sum(({ turnedAway }) => turnedAway),
    heartbeats: sum(({ heartbeats }) => heartbeats),
    postponed: sum(({ postponed }) => postponed),
    killed,
    losses: all.flatMap(({ losses }) => losses),
    failures: all.flatMap(({ failures }) => failures),
    stuck,
  };
}

/** Every other time the holder, since that is the most likely to go wrong; otherwise any contender, wherever it is. */
function victimOf(running: readonly Contender[]): Contender | undefined {
  const holder = Math.random() < 0.5 ? running.find(({ isInside }) => isInside) : undefined;
  return holder ?? running[Math.floor(Math.random() * running.length)];
}

async function stop(contender: Contender): Promise<void> {
  if (await within(TIMEOUT, contender.stop())) return;
  contender.failures.push(`PID ${contender.pid} did not end; it may be stuck in a file-system call`);
  await contender.kill();
}

async function whyStuck({ lock, acquire }: ContentionRules): Promise<string | null> {
  try {
    const last = await acquire(lock);
    await last.release();
    return null;
  } catch (error) {
    if (error instanceof LivingLockError) return error.message;
    throw error;
  }
}

/** One of the contending processes, and what it has reported. */
class Contender {
  readonly pid: number;
  readonly stays: Stay[] = [];
  readonly losses: string[] = [];
  readonly failures: string[] = [];
  turnedAway = 0;
  heartbeats = 0;
  postponed = 0;
  isRunning = true;
  readonly #helper: Helper;
  #inside: { readonly from: number; readonly fencingToken: number } | null = null;
  #killedAt: number | null = null;
  #isStopping = false;

  /** Makes a helper contend for a lock from now on. */
  constructor(helper: Helper, lock: string) {
    this.#helper = helper;
    this.pid = helper.pid;
    helper.onMessage((message) => this.#hear(message));
    void helper.ended.then(() => this.#end());
    helper.tell({ do: 'contend', lock });
  }

  /** Whether it holds the lock, as far as its reports tell. */
  get isInside(): boolean {
    return this.#inside !== null;
  }

  /** Resolves when it has ended by itself, holding nothing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.isRunning) this.#helper.tell({ do: 'stop' });
    await this.#helper.ended;
  }

  /** SIGKILL. Resolves when it is gone, and all its reports have been received. */
  async kill(): Promise<void> {
    // Noted first, because afterwards another contender may already have the lock.
    this.#killedAt = commonTime();
    this.#helper.kill();
    await this.#helper.ended;
  }

  #hear(message: Message): void {
    switch (message.says) {
      case 'entered':
        this.#inside = { from: message.at, fencingToken: message.fencingToken };
        this.turnedAway += message.turnedAway;
        return;
      case 'left':
        this.heartbeats += message.heartbeats;
        this.#leave(message.at, false);
        return;
      case 'lost':
        this.losses.push(message.reason);
        return;
      case 'postponed':
        this.postponed++;
        return;
      case 'failed':
        this.failures.push(message.reason);
        return;
      case 'ready':
      case 'saw':
      case 'watching':
      case 'watched':
        return;
    }
  }

  #leave(to: number, wasKilled: boolean): void {
    if (this.#inside === null) return;
    this.stays.push({ pid: this.pid, to, wasKilled, ...this.#inside });
    this.#inside = null;
  }

  /** Only now is it certain that it had not reported leaving before it was killed. */
  #end(): void {
    this.isRunning = false;
    if (this.#killedAt !== null) {
      this.#leave(this.#killedAt, true);
      return;
    }
    // If it died by itself, nobody knows when. It held the lock at least until its last report.
    if (this.#inside !== null) this.#leave(this.#inside.from, false);
    if (!this.#isStopping) this.failures.push(`PID ${this.pid} ended unexpectedly`);
  }
}
