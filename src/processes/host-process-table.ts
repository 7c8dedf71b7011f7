import type { Clock } from '../clock.js';
import { isBare, type ProcessIdentity } from '../record.js';
import type { Liveness, ProcessLook, ProcessProbe, ProcessTable } from './process-table.js';

/** How often, in milliseconds, to look whether a signalled process is gone. */
const DEATH_POLL = 20;
/** SIGKILL cannot be refused, but a process in an uninterruptible system call dies only after it. */
const KILL_PATIENCE = 5000;

/** The process table of a machine, by whatever its platform's probe can tell. */
export class HostProcessTable implements ProcessTable {
  readonly #probe: ProcessProbe;
  readonly #clock: Clock;

  constructor(probe: ProcessProbe, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  self(): ProcessIdentity {
    return this.#probe.self();
  }

  identify(pid: number): ProcessIdentity | null {
    const identity = { ...this.#probe.self(), pid, started: this.#probe.look(pid)?.started ?? null };
    return this.#isRunning(identity) ? identity : null;
  }

  liveness(identity: ProcessIdentity): Liveness {
    const probe = this.#probe;
    if (isBare(identity)) {
      if (this.#isRunning(identity)) return 'alive';
      return probe.mayExistElsewhere(identity.pid) ? 'unknown' : 'dead';
    }
    if (!this.#countsHere(identity)) return 'unknown';
    return this.#isRunning(identity) ? 'alive' : 'dead';
  }

  uptime(): number | null {
    return this.#probe.uptime?.() ?? null;
  }

  async terminate(identity: ProcessIdentity, grace: number): Promise<void> {
    this.#refuseUnlessCertain(identity);
    if (this.#isGone(identity)) return;
    this.#signal(identity, 'SIGTERM');
    if (await this.#diesWithin(identity, grace)) return;
    this.#signal(identity, 'SIGKILL');
    if (await this.#diesWithin(identity, KILL_PATIENCE)) return;
    throw new Error(`PID ${identity.pid} is still there after SIGKILL`);
  }

  /** A signal to a wrong process cannot be taken back, so here a matching PID is not enough. */
  #refuseUnlessCertain(identity: ProcessIdentity): void {
    if (!this.#countsHere(identity)) {
      throw new Error(`PID ${identity.pid} is not a process that can be seen from here`);
    }
    if (identity.pid === this.#probe.self().pid) throw new Error(`PID ${identity.pid} is this very process`);
    if (this.#isGone(identity)) return;
    const started = this.#probe.look(identity.pid)?.started ?? null;
    if (identity.started === null || started === null) {
      throw new Error(`it is not certain that PID ${identity.pid} is still the same process`);
    }
  }

  /** It may die of itself right before, and then nothing has failed. */
  #signal(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      this.#probe.signal(identity.pid, signal);
    } catch (error) {
      if (!this.#isGone(identity)) throw error;
    }
  }

  async #diesWithin(identity: ProcessIdentity, patience: number): Promise<boolean> {
    const deadline = this.#clock.monotonic() + patience;
    while (!this.#isGone(identity)) {
      const left = deadline - this.#clock.monotonic();
      if (left <= 0) return false;
      await this.#clock.sleep(Math.min(left, DEATH_POLL));
    }
    return true;
  }

  /** Whether the PID means the same process here as where it was recorded: one boot, one PID namespace. */
  #countsHere(identity: ProcessIdentity): boolean {
    const self = this.#probe.self();
    if (identity.pidNamespace !== self.pidNamespace || identity.bootId !== self.bootId) return false;
    if (identity.bootId !== null) return true;
    return this.#probe.trustsHostname && identity.hostname !== null && identity.hostname === self.hostname;
  }

  #isGone(identity: ProcessIdentity): boolean {
    return !this.#isRunning(identity);
  }

  /** Whether the very process runs that is meant, on the assumption that its PID counts here. */
  #isRunning({ pid, started }: ProcessIdentity): boolean {
    if (this.#probe.exists(pid) === 'no') return false;
    const look = this.#probe.look(pid);
    // Either it died since the line above, or the kernel hides other users' processes (`hidepid`, proc(5)).
    if (look === null) return this.#probe.exists(pid) !== 'no';
    if (isFinished(look)) return false;
    return started === null || look.started === null || this.#probe.sameStart(started, look.started);
  }
}

/**
 * A zombie may still run: the main thread of a killed process is one until the last of its threads has ended, and every
 * Node process has several (proc_pid_stat(5), `num_threads`).
 */
function isFinished({ zombie, threads }: ProcessLook): boolean {
  return zombie && threads <= 1;
}
