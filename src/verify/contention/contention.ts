import { LivingLockError } from '../../core/errors.js';
import { acquire } from '../../stores/file-locks.js';
import { systemClock } from '../../system/clock.js';
import { bootTime } from '../boot-time.js';
import { type Crew, within } from '../helper/crew.js';
import { Contender } from './contender.js';
import type { Evidence } from './evidence.js';

/** On average so many milliseconds apart a contender is killed. */
const KILL_INTERVAL = 200;
/** Who has not come to an end so many milliseconds after being told hangs in a call to the file system. */
const PATIENCE = 10_000;

/** How it is to be contended for a lock. */
export interface ContentionRules {
  readonly lock: string;
  /** How many contend at a time. */
  readonly processes: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
}

/** Lets several processes contend for a lock; kills one from time to time, and puts another in its place. */
export async function runContention(crew: Crew, rules: ContentionRules): Promise<Evidence> {
  return new Contention(crew, rules).run();
}

class Contention {
  readonly #crew: Crew;
  readonly #rules: ContentionRules;
  readonly #all: Contender[] = [];
  #killed = 0;

  constructor(crew: Crew, rules: ContentionRules) {
    this.#crew = crew;
    this.#rules = rules;
  }

  async run(): Promise<Evidence> {
    const { duration, signal } = this.#rules;
    await this.#fill();
    const start = bootTime();
    for (;;) {
      const left = start + duration - bootTime();
      const pause = KILL_INTERVAL * (0.5 + Math.random());
      await systemClock.sleep(Math.max(0, Math.min(left, pause)), { signal });
      if (left <= pause) break;
      await this.#killOne();
      await this.#fill();
    }
    const end = bootTime();
    await Promise.all(this.#all.map((contender) => this.#stop(contender)));
    return this.#evidence(end - start, await this.#whyStuck());
  }

  /** Puts a new contender in the place of each that is gone, whyever. */
  async #fill(): Promise<void> {
    const missing = this.#rules.processes - this.#running.length;
    const helpers = await Promise.all(Array.from({ length: missing }, () => this.#crew.hire()));
    for (const helper of helpers) this.#all.push(new Contender(helper, this.#rules.lock));
  }

  /** Every other time the holder, since that is what is most likely to go wrong; else anyone, wherever it is just now. */
  async #killOne(): Promise<void> {
    const running = this.#running;
    const holder = Math.random() < 0.5 ? running.find(({ isInside }) => isInside) : undefined;
    const victim = holder ?? running[Math.floor(Math.random() * running.length)];
    if (victim === undefined) return;
    this.#killed++;
    await victim.kill();
  }

  async #stop(contender: Contender): Promise<void> {
    if (await within(PATIENCE, contender.stop())) return;
    contender.fail(`PID ${contender.pid} did not come to an end; it may hang in a call to the file system`);
    await contender.kill();
  }

  get #running(): Contender[] {
    return this.#all.filter(({ isRunning }) => isRunning);
  }

  async #whyStuck(): Promise<string | null> {
    try {
      const lock = await acquire(this.#rules.lock);
      await lock.release();
      return null;
    } catch (error) {
      if (error instanceof LivingLockError) return error.message;
      throw error;
    }
  }

  #evidence(duration: number, stuck: string | null): Evidence {
    const sum = (figure: (contender: Contender) => number) =>
      this.#all.reduce((total, contender) => total + figure(contender), 0);
    return {
      processes: this.#rules.processes,
      duration,
      stays: this.#all.flatMap(({ stays }) => stays),
      turnedAway: sum(({ turnedAway }) => turnedAway),
      heartbeats: sum(({ heartbeats }) => heartbeats),
      postponed: sum(({ postponed }) => postponed),
      killed: this.#killed,
      losses: this.#all.flatMap(({ losses }) => losses),
      failures: this.#all.flatMap(({ failures }) => failures),
      stuck,
    };
  }
}
