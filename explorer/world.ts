import type { Clock, Liveness, ProcessIdentity, ProcessTable } from 'livinglock';

/** What the threads share: a clock, and who is alive. */
export interface WorldMemory {
  readonly clock: SharedArrayBuffer;
  readonly alive: SharedArrayBuffer;
}

/** Milliseconds that each call takes. */
const TICK = 1;
const FIRST_PID = 1000;
const MOST_PROCESSES = 64;
/** The number of the kernel's initial PID namespace, in which boot ids and PIDs count. */
const PID_NAMESPACE = 'pid:[4026531836]';

/** The fake machine on which the contenders run. Only one thread moves at any time, so nothing here needs to be atomic. */
export class World {
  readonly memory: WorldMemory;
  readonly #clock: Float64Array;
  readonly #alive: Uint8Array;

  constructor(memory: WorldMemory) {
    this.memory = memory;
    this.#clock = new Float64Array(memory.clock);
    this.#alive = new Uint8Array(memory.alive);
  }

  static create(): World {
    return new World({
      clock: new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT),
      alive: new SharedArrayBuffer(MOST_PROCESSES),
    });
  }

  /** Milliseconds since the machine started. Never set back, so that a thread's memory of fencing tokens stays true. */
  get elapsed(): number {
    return this.#clock[0] ?? 0;
  }

  get wallClock(): number {
    return Date.UTC(2026, 0, 1) + this.elapsed;
  }

  tick(): void {
    this.pass(TICK);
  }

  pass(milliseconds: number): void {
    this.#clock[0] = this.elapsed + milliseconds;
  }

  /** As if nobody had ever lived. */
  reset(): void {
    this.#alive.fill(0);
  }

  start(pid: number): void {
    this.#alive[pid - FIRST_PID] = 1;
  }

  kill(pid: number): void {
    this.#alive[pid - FIRST_PID] = 0;
  }

  isAlive(pid: number): boolean {
    return this.#alive[pid - FIRST_PID] === 1;
  }
}

/** The world's clock as seen by one contender's lock; `sleep` is up to the contender. */
export function clockOf(world: World, sleep: Clock['sleep']): Clock {
  return { now: () => world.wallClock, monotonic: () => world.elapsed, sleep };
}

/** The world's processes as seen by one of them. */
export function processesOf(world: World, pid: number): ProcessTable {
  const self = identityOf(pid);
  return {
    self: () => self,
    identify: (other) => (world.isAlive(other) ? identityOf(other) : null),
    liveness: ({ pid, bootId }): Liveness => {
      if (bootId !== self.bootId) return 'unknown';
      return world.isAlive(pid) ? 'alive' : 'dead';
    },
    terminate: async ({ pid: victim }) => world.kill(victim),
  };
}

function identityOf(pid: number): ProcessIdentity {
  return {
    pid,
    hostname: 'explorer',
    bootId: 'the only boot',
    pidNamespace: PID_NAMESPACE,
    started: String(pid),
  };
}
