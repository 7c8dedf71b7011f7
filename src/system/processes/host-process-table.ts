import type { Clock } from '../clock.js';
import { isBare, isOfUnknownBoot, type ProcessIdentity } from './process-identity.js';
import type { GroupMember, Liveness, ProcessLook, ProcessProbe, ProcessTable } from './process-table.js';

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
const LIVENESS_BY_SOCKET = { yes: 'alive', no: 'dead', unclear: 'unknown' } as const;

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

  identify(pid: number, group = false): ProcessIdentity | null {
    const process = { ...this.#probe.self(), pid, started: this.#probe.look(pid)?.started ?? null };
    if (!group || !this.#probe.hasGroups) return this.#isRunning(process) ? process : null;
    return this.#probe.exists(-pid) === 'no' ? null : { ...process, group: true };
  }

  liveness(identity: ProcessIdentity, age?: number): Liveness {
    const anywhere = isBare(identity);
    if (!anywhere && !this.#countsHere(identity)) {
      return this.#isGoneInUnknownBoot(identity) ? 'dead' : 'unknown';
    }
    const isHere = this.#isRunning(identity) ? this.#wasNamed(identity, age) : 'no';
    if (isHere !== 'no') return isHere === 'yes' ? 'alive' : 'unknown';
    if (anywhere) return this.#probe.mayExistElsewhere(identity.pid) ? 'unknown' : 'dead';
    const { inheritedSocket, group } = identity;
    if (inheritedSocket === undefined || group === true) return 'dead';
    return LIVENESS_BY_SOCKET[this.#probe.isSocketOpen(inheritedSocket)];
  }

  uptime(): number | null {
    return this.#probe.uptime?.() ?? null;
  }

  async terminate(identity: ProcessIdentity, grace: number, writer?: number | null): Promise<void> {
    const { inheritedSocket, group } = identity;
    await this.#end(identity, grace, writer);
    if (inheritedSocket === undefined || group === true) return;
    for (const pid of this.#probe.socketOwners(inheritedSocket)) {
      const owner = this.identify(pid);
      if (owner !== null) await this.#end(owner, grace, writer);
    }
    if (this.#probe.isSocketOpen(inheritedSocket) !== 'no') {
      throw new Error(`what PID ${identity.pid} has started cannot be seen from here`);
    }
  }

  async #end(identity: ProcessIdentity, grace: number, writer: number | null | undefined): Promise<void> {
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
    if (!this.#isCertainlySame(identity)) {
      const what = identity.group === true ? 'process group' : 'process';
      throw new Error(`it is not certain that PID ${pid} is still the same ${what}`);
    }
    const pids = this.#pidsOf(identity);
    if (pids.length === 0) throw new Error(`what is in process group ${pid} cannot be seen from here`);
    for (const each of pids) this.#refuseToSignal(each, writer);
  }

  /** By when it began; or of a group whose leader has ended, by something in it that has inherited what its holder hands on. */
  #isCertainlySame({ pid, started, group, inheritedSocket }: ProcessIdentity): boolean {
    if (started !== null && (this.#probe.look(pid)?.started ?? null) !== null) return true;
    if (group !== true || inheritedSocket === undefined) return false;
    const owners = this.#probe.socketOwners(inheritedSocket);
    return this.#probe.members(pid).some((member) => owners.includes(member.pid));
  }

  /** All that a signal would reach, as far as it can be seen. */
  #pidsOf({ pid, group }: ProcessIdentity): readonly number[] {
    return group === true ? this.#probe.members(pid).map((member) => member.pid) : [pid];
  }

  #refuseToSignal(pid: number, writer: number | null | undefined): void {
    if (pid === this.#probe.self().pid) throw new Error(`PID ${pid} is this very process`);
    if (!this.#probe.isProcess(pid)) throw new Error(`PID ${pid} is not that of a process`);
    if (this.#probe.ancestors().includes(pid)) {
      throw new Error(`PID ${pid} is an ancestor of this very process`);
    }
    this.#refuseUnlessWriterCould(pid, writer);
  }

  /**
   * Whoever may write to a lock's folder can name any process in a record. That must not have a process ended which they could not end
   * themselves.
   */
  #refuseUnlessWriterCould(pid: number, writer: number | null | undefined): void {
    const own = this.#probe.ownUser();
    // Windows asks for more than a user, and the system itself refuses what is not allowed.
    if (own === null) return;
    if (writer === null) throw new Error(`it is not certain who has named PID ${pid} in the lock file`);
    if (writer === ROOT || writer === own) return;
    const users = this.#probe.usersOf(pid);
    if (users === null) {
      if (this.#probe.exists(pid) === 'no') return;
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
      this.#probe.signal(identity.group === true ? -identity.pid : identity.pid, signal);
    } catch (error) {
      if (!this.#isGone(identity)) throw error;
    }
  }

  async #diesWithin(identity: ProcessIdentity, timeout: number): Promise<boolean> {
    const deadline = this.#clock.monotonic() + timeout;
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
   * Whether there is no process with that PID on this machine any more, where `/proc` does not tell the boot (`ProcSubset=pid`, systemd.exec(5)). Whatever boot
   * it was, it is gone. That it was of this machine, who knows where the record lay, see `mayBeElsewhere`.
   */
  #isGoneInUnknownBoot(identity: ProcessIdentity): boolean {
    return isOfUnknownBoot(identity, this.#probe.self()) && !this.#isAnyRunning(identity);
  }

  /** Whether anything runs that may be meant, whenever it began. */
  #isAnyRunning({ pid, group }: ProcessIdentity): boolean {
    if (group === true && this.#probe.exists(-pid) === 'no') return false;
    const look = this.#probe.look(pid);
    const hasEnded = this.#probe.exists(pid) === 'no' || (look !== null && isFinished(look));
    return !hasEnded || (group === true && this.#isAnyMemberRunning(pid));
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

  /** Whether the very process or group runs that is meant, on the assumption that its PID counts here. */
  #isRunning(identity: ProcessIdentity): boolean {
    const { pid, started } = identity;
    const look = this.#probe.exists(pid) === 'no' ? null : this.#probe.look(pid);
    // It is gone; or the kernel hides other users' processes (`hidepid`, proc(5)).
    if (look === null) return this.#isAnyRunning(identity);
    const isSame = started === null || look.started === null || this.#probe.sameStart(started, look.started);
    // A number is given to another process only when nothing is left of the group either.
    return isSame && this.#isAnyRunning(identity);
  }

  /** A process that forks and ends may be missing in a list, and what it has started as well: younger than the list. */
  #isUnchanged(group: number, members: readonly GroupMember[]): boolean {
    const pidsOf = (listed: readonly GroupMember[]) => listed.map(({ pid }) => pid).join();
    return pidsOf(this.#probe.members(group)) === pidsOf(members);
  }

  /** That none can be seen proves nothing where some may be hidden, or where the kernel says that there is one. */
  #isAnyMemberRunning(group: number): boolean {
    if (this.#probe.exists(-group) === 'no') return false;
    const members = this.#probe.members(group);
    if (members.some((member) => !isFinished(member))) return true;
    const areAllZombies = members.length > 0 && !this.#probe.mayHide() && this.#isUnchanged(group, members);
    return !areAllZombies && this.#probe.exists(-group) !== 'no';
  }
}

/**
 * A zombie may still run: the main thread of a killed process is one until the last of its threads has ended, and every
 * Node process has several (proc_pid_stat(5), `num_threads`).
 */
function isFinished({ zombie, threads }: Pick<ProcessLook, 'zombie' | 'threads'>): boolean {
  return zombie && threads <= 1;
}
