import type { Clock, Liveness, ProcessIdentity, ProcessTable } from 'livinglock';

/** What the threads share: a clock, who is alive, and who keeps which signs of life. */
export interface WorldMemory {
  readonly clock: SharedArrayBuffer;
  readonly alive: SharedArrayBuffer;
  readonly signs: SharedArrayBuffer;
}

/** Milliseconds that each call takes. */
const TICK = 1;
const FIRST_PID = 1000;
const MOST_PROCESSES = 64;
/** How many signs of life one process keeps at the same time: one beside the lock, one in the guard, and one of an answer in doubt. */
const MOST_SIGNS = 4;
/** The number of the kernel's initial PID namespace, in which boot ids and PIDs count. */
const PID_NAMESPACE = 4_026_531_836;

/** The fake machine on which the contenders run. Only one thread moves at any time, so nothing here needs to be atomic. */
export class World {
  readonly memory: WorldMemory;
  readonly #clock: Float64Array;
  readonly #alive: Uint8Array;
  /** The inode numbers of the signs that each process keeps. 0: none. */
  readonly #signs: Float64Array;

  constructor(memory: WorldMemory) {
    this.memory = memory;
    this.#clock = new Float64Array(memory.clock);
    this.#alive = new Uint8Array(memory.alive);
    this.#signs = new Float64Array(memory.signs);
  }

  static create(): World {
    return new World({
      clock: new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT),
      alive: new SharedArrayBuffer(MOST_PROCESSES),
      signs: new SharedArrayBuffer(MOST_PROCESSES * MOST_SIGNS * Float64Array.BYTES_PER_ELEMENT),
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
    this.#signs.fill(0);
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

  /** The process begins to keep the file with that inode number as a sign of its life. */
  keepSign(pid: number, inode: number): void {
    const slot = this.#signsOf(pid).indexOf(0);
    if (slot === -1) throw new Error(`PID ${pid} keeps more than ${MOST_SIGNS} signs of life.`);
    this.#signsOf(pid)[slot] = inode;
  }

  dropSign(pid: number, inode: number): void {
    const slot = this.#signsOf(pid).indexOf(inode);
    if (slot !== -1) this.#signsOf(pid)[slot] = 0;
  }

  /** Whether a living process keeps it. */
  isKept(inode: number): boolean {
    const slot = this.#signs.indexOf(inode);
    return slot !== -1 && this.isAlive(FIRST_PID + Math.floor(slot / MOST_SIGNS));
  }

  #signsOf(pid: number): Float64Array {
    const first = (pid - FIRST_PID) * MOST_SIGNS;
    return this.#signs.subarray(first, first + MOST_SIGNS);
  }
}

/** The world's clock as seen by one contender's lock; `sleep` is up to the contender. */
export function clockOf(world: World, sleep: Clock['sleep']): Clock {
  return { now: () => world.wallClock, monotonic: () => world.elapsed, sleep };
}

/**
 * The world's processes as seen by one of them.
 *
 * @param inContainer Whether that one has a PID namespace of its own, in which it sees nobody else.
 */
export function processesOf(world: World, pid: number, inContainer: boolean): ProcessTable {
  const self = identityOf(pid, inContainer);
  return {
    self: () => self,
    identify: (other) =>
      world.isAlive(other) && (!inContainer || other === pid) ? identityOf(other, inContainer) : null,
    liveness: ({ pid: other, bootId, pidNamespace }): Liveness => {
      if (bootId !== self.bootId || pidNamespace !== self.pidNamespace) return 'unknown';
      return world.isAlive(other) ? 'alive' : 'dead';
    },
    terminate: async ({ pid: victim }) => world.kill(victim),
  };
}

function identityOf(pid: number, inContainer: boolean): ProcessIdentity {
  return {
    pid,
    hostname: inContainer ? `container-${pid}` : 'explorer',
    bootId: 'the only boot',
    pidNamespace: `pid:[${inContainer ? PID_NAMESPACE + pid : PID_NAMESPACE}]`,
    started: String(pid),
  };
}
