import type { Clock } from '../clock.js';
import { isBare, type ProcessIdentity } from '../record.js';
import type { Liveness, ProcessLook, ProcessProbe, ProcessTable } from './process-table.js';

/** How often, in milliseconds, to look whether a signalled process is gone. */
const DEATH_POLL = 20;
/** SIGKILL cannot be refused, but a process in an uninterruptible system call dies only after it. */
const KILL_PATIENCE = 5000;
/**
 * Milliseconds. Some file systems keep times by the second; and a small step of the wall clock soon after the start of the machine, when it
 * finds a time server, goes unnoticed, see `LinuxProbe.ageOf`.
 */
const AGE_TOLERANCE = 2000;
const ROOT = 0;

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

  liveness(identity: ProcessIdentity, age?: number): Liveness {
    const anywhere = isBare(identity);
    if (!anywhere && !this.#countsHere(identity)) return 'unknown';
    const isHere = this.#isRunning(identity) ? this.#wasNamed(identity, age) : 'no';
    if (isHere !== 'no') return isHere === 'yes' ? 'alive' : 'unknown';
    return anywhere && this.#probe.mayExistElsewhere(identity.pid) ? 'unknown' : 'dead';
  }

  uptime(): number | null {
    return this.#probe.uptime?.() ?? null;
  }

  async terminate(identity: ProcessIdentity, grace: number, writer?: number | null): Promise<void> {
    this.refuseTermination(identity, writer);
    if (this.#isGone(identity)) return;
    this.#signal(identity, 'SIGTERM');
    if (await this.#diesWithin(identity, grace)) return;
    // What was learnt of it is old by now, and may not be learnt any more.
    this.refuseTermination(identity, writer);
    if (this.#isGone(identity)) return;
    this.#signal(identity, 'SIGKILL');
    if (await this.#diesWithin(identity, KILL_PATIENCE)) return;
    throw new Error(`PID ${identity.pid} is still there after SIGKILL`);
  }

  /** A signal to a wrong process cannot be taken back, so here a matching PID is not enough. */
  refuseTermination(identity: ProcessIdentity, writer?: number | null): void {
    const { pid } = identity;
    if (!Number.isInteger(pid) || pid <= 1) throw new Error(`PID ${pid} is never signalled`);
    if (!this.#countsHere(identity))
      throw new Error(`PID ${pid} is not a process that can be seen from here`);
    if (this.#isGone(identity)) return;
    if (pid === this.#probe.self().pid) throw new Error(`PID ${pid} is this very process`);
    const started = this.#probe.look(pid)?.started ?? null;
    if (identity.started === null || started === null) {
      throw new Error(`it is not certain that PID ${pid} is still the same process`);
    }
    if (!this.#probe.isProcess(pid)) throw new Error(`PID ${pid} is not that of a process`);
    if (this.#probe.ancestors().includes(pid)) {
      throw new Error(`PID ${pid} is an ancestor of this very process`);
    }
    this.#refuseUnlessWriterCould(identity, writer);
  }

  /**
   * Whoever may write to a lock's folder can name any process in a record. That must not have a process ended which they could not end
   * themselves.
   */
  #refuseUnlessWriterCould(identity: ProcessIdentity, writer: number | null | undefined): void {
    const { pid } = identity;
    const own = this.#probe.ownUser();
    // Windows asks for more than a user, and the system itself refuses what is not allowed.
    if (own === null) return;
    if (writer === null) throw new Error(`it is not certain who has named PID ${pid} in the lock file`);
    if (writer === ROOT || writer === own) return;
    const users = this.#probe.usersOf(pid);
    if (users === null) {
      if (this.#isGone(identity)) return;
      throw new Error(`it cannot be learnt to whom PID ${pid} belongs`);
    }
    if (users.includes(writer ?? own)) return;
    const [user] = users;
    throw new Error(
      writer === undefined
        ? `PID ${pid} belongs to user ${user}, and the lock's store does not say whether its holder could have ended it`
        : `PID ${pid} belongs to user ${user}, but the lock file to user ${writer}, who could not have ended it`,
    );
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

  /**
   * Whether a process that runs is the one that was named so many milliseconds ago, as far as its age tells: one that is younger got the
   * PID later. A time that is still to come proves nothing.
   */
  #wasNamed({ pid, started }: ProcessIdentity, ago: number | undefined): 'yes' | 'no' | 'unclear' {
    if (started !== null || ago === undefined) return 'yes';
    const current = this.#probe.look(pid)?.started ?? null;
    if (current === null || ago < 0) return 'unclear';
    const { least, most } = this.#probe.ageOf(current);
    if (most < ago - AGE_TOLERANCE) return 'no';
    return least >= ago - AGE_TOLERANCE ? 'yes' : 'unclear';
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
