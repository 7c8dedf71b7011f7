import type { Clock } from '../clock.js';
import { isBare, isOfUnknownBoot, type ProcessIdentity } from './process-identity.js';
import {
  isFinished,
  type Liveness,
  type ProcessLook,
  type ProcessProbe,
  type ProcessTable,
} from './process-table.js';

/** How often to check whether a signalled process is gone, in milliseconds. */
const DEATH_POLL = 20;
/** SIGKILL cannot be caught, but a process in an uninterruptible system call dies only after that call. */
const KILL_TIMEOUT = 5000;
/**
 * Milliseconds. Some file systems store times in whole seconds. And a small step of the wall clock soon after the machine's start, when it
 * finds a time server, goes unnoticed, see `LinuxProbe.ageOf`.
 */
const AGE_TOLERANCE = 2000;
const ROOT = 0;
/** How often the members of a process group are listed until two lists agree. */
const MOST_READINGS = 5;
const LIVENESS_BY_SOCKET = { yes: 'alive', no: 'dead', unclear: 'unknown' } as const;

/** The process table of a machine, as far as the platform's probe can see it. */
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
    const isBarePid = isBare(identity);
    // A process of another machine, boot or namespace: its number says nothing about a process here.
    if (!isBarePid && !this.#countsHere(identity)) {
      return this.#isGoneInUnknownBoot(identity) ? 'dead' : 'unknown';
    }
    const isHere = this.#isRunning(identity) ? this.#wasNamed(identity, age) : 'no';
    if (isHere !== 'no') return isHere === 'yes' ? 'alive' : 'unknown';
    // Whoever wrote only a PID may have meant one elsewhere.
    if (isBarePid) return this.#probe.mayExistElsewhere(identity.pid) ? 'unknown' : 'dead';
    const { inheritedSocket, group } = identity;
    if (inheritedSocket === undefined || group === true) return 'dead';
    // The process has ended, but something that it started may go on.
    return LIVENESS_BY_SOCKET[this.#probe.isSocketOpen?.(inheritedSocket) ?? 'unclear'];
  }

  uptime(): number | null {
    return this.#probe.uptime?.() ?? null;
  }

  async terminate(
    identity: ProcessIdentity,
    grace: number,
    writer?: number | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const { inheritedSocket, group } = identity;
    await this.#end(identity, grace, writer, signal);
    if (inheritedSocket === undefined || group === true) return;
    for (const pid of this.#probe.socketOwners?.(inheritedSocket) ?? []) {
      const owner = this.identify(pid);
      if (owner !== null) await this.#end(owner, grace, writer, signal);
    }
    if (this.#probe.isSocketOpen?.(inheritedSocket) !== 'no') {
      throw new Error(`what PID ${identity.pid} started cannot be seen from here`);
    }
  }

  async #end(
    identity: ProcessIdentity,
    grace: number,
    writer: number | null | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.refuseTermination(identity, writer);
    if (this.#isGone(identity)) return;
    this.#signal(identity, 'SIGTERM');
    if (await this.#diesWithin(identity, grace, signal)) return;
    // What was known about it is old by now, and may no longer be known.
    this.refuseTermination(identity, writer);
    if (this.#isGone(identity)) return;
    this.#signal(identity, 'SIGKILL');
    if (await this.#diesWithin(identity, KILL_TIMEOUT, signal)) return;
    throw new Error(`PID ${identity.pid} is still there after SIGKILL`);
  }

  /** A signal to the wrong process cannot be taken back, so a matching PID is not enough here. */
  refuseTermination(identity: ProcessIdentity, writer?: number | null): void {
    const { pid } = identity;
    if (!Number.isInteger(pid) || pid <= 1) throw new Error(`PID ${pid} is never signalled`);
    if (!this.#countsHere(identity))
      throw new Error(`PID ${pid} is not a process that can be seen from here`);
    if (this.#isGone(identity)) return;
    try {
      this.#refuseUnlessKnown(identity, writer);
    } catch (error) {
      // What ends while it is looked at cannot be recognized any more, and needs no signal.
      if (!this.#isGone(identity)) throw error;
    }
  }

  #refuseUnlessKnown(identity: ProcessIdentity, writer: number | null | undefined): void {
    const { pid, group } = identity;
    if (!this.#isCertainlySame(identity)) {
      const kind = group === true ? 'process group' : 'process';
      throw new Error(`it is not certain that PID ${pid} is still the same ${kind}`);
    }
    const pids = this.#pidsOf(identity);
    if (pids.length === 0) throw new Error(`what is in process group ${pid} cannot be seen from here`);
    for (const each of pids) this.#refuseToSignal(each, writer);
  }

  /** Judged by its start time. For a group whose leader has ended: by a member that inherited the holder's socket. */
  #isCertainlySame({ pid, started, group, inheritedSocket }: ProcessIdentity): boolean {
    const current = this.#probe.look(pid, true)?.started ?? null;
    if (started !== null && current !== null) return this.#probe.sameStart(started, current) === 'yes';
    if (group !== true || inheritedSocket === undefined) return false;
    const owners = this.#probe.socketOwners?.(inheritedSocket) ?? [];
    return this.#probe.members(pid).some((member) => owners.includes(member.pid));
  }

  /** Every process that a signal would reach, as far as visible. */
  #pidsOf({ pid, group }: ProcessIdentity): readonly number[] {
    return group === true ? this.#probe.members(pid).map((member) => member.pid) : [pid];
  }

  #refuseToSignal(pid: number, writer: number | null | undefined): void {
    if (pid === this.#probe.self().pid) throw new Error(`PID ${pid} is this process itself`);
    if (!this.#probe.isProcess(pid)) {
      if (this.#probe.exists(pid) === 'no') return;
      throw new Error(`PID ${pid} is not the ID of a process`);
    }
    if (this.#probe.ancestors().includes(pid)) {
      throw new Error(`PID ${pid} is an ancestor of this process`);
    }
    this.#refuseUnlessWriterCould(pid, writer);
  }

  /**
   * Anyone who may write to a lock's folder can name any process in a record. They must not be able to get a process ended that
   * they could not end themselves.
   */
  #refuseUnlessWriterCould(pid: number, writer: number | null | undefined): void {
    const own = this.#probe.ownUser();
    // On Windows more than the user decides, and the system itself refuses what is not allowed.
    if (own === null) return;
    if (writer === null) throw new Error(`it is not certain who wrote PID ${pid} to the lock file`);
    if (writer === ROOT || writer === own) return;
    const users = this.#probe.usersOf(pid);
    if (users === null) {
      if (this.#probe.exists(pid) === 'no') return;
      throw new Error(`cannot determine which user owns PID ${pid}`);
    }
    if (users.includes(writer ?? own)) return;
    const [user] = users;
    throw new Error(
      writer === undefined
        ? `PID ${pid} belongs to user ${user}, and the lock's store does not say whether its holder could have ended it`
        : `PID ${pid} belongs to user ${user}, but the lock file to user ${writer}, who could not have ended it`,
    );
  }

  /** The process may end by itself right before the signal; that is not a failure. */
  #signal(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      this.#probe.signal(identity.group === true ? -identity.pid : identity.pid, signal);
    } catch (error) {
      if (!this.#isGone(identity)) throw error;
    }
  }

  async #diesWithin(
    identity: ProcessIdentity,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const deadline = this.#clock.monotonic() + timeout;
    while (!this.#isGone(identity)) {
      const left = deadline - this.#clock.monotonic();
      if (left <= 0) return false;
      await this.#clock.sleep(Math.min(left, DEATH_POLL), { signal });
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
   * Whether this machine no longer has a process with that PID, if `/proc` does not tell the boot (`ProcSubset=pid`, systemd.exec(5)). Whatever boot
   * it was, it is gone. That it was on this machine is known to whoever knows where the record was stored, see `mayBeElsewhere`.
   */
  #isGoneInUnknownBoot(identity: ProcessIdentity): boolean {
    if (!isOfUnknownBoot(identity, this.#probe.self())) return false;
    return !this.#isAnyRunning(identity, this.#look(identity.pid));
  }

  /**
   * Whether any process with that PID or in that group is running, whenever it began.
   *
   * @param info What {@link #look} says about the PID.
   */
  #isAnyRunning({ pid, group }: ProcessIdentity, info: ProcessLook | null): boolean {
    if (group === true && this.#probe.exists(-pid) === 'no') return false;
    const hasEnded = info === null ? this.#probe.exists(pid) === 'no' : isFinished(info);
    return !hasEnded || (group === true && this.#isAnyMemberRunning(pid));
  }

  /**
   * Whether a running process is the one that was named this many milliseconds ago, as far as its age tells: a younger process got the
   * PID later. A time in the future proves nothing.
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

  /** Whether exactly this process or group is running, assuming that its PID counts here. */
  #isRunning(identity: ProcessIdentity): boolean {
    const { pid, started } = identity;
    const info = this.#look(pid);
    const current = started === null ? null : (info?.started ?? null);
    const isOther = started !== null && current !== null && this.#probe.sameStart(started, current) === 'no';
    // The number is given to another process only once nothing is left of the group.
    return !isOther && this.#isAnyRunning(identity, info);
  }

  /** `null`: it is gone, or the kernel hides other users' processes (`hidepid`, proc(5)). */
  #look(pid: number): ProcessLook | null {
    return this.#probe.exists(pid) === 'no' ? null : this.#probe.look(pid);
  }

  /**
   * Seeing none proves nothing if some may be hidden, or if the kernel says that there is one. A process that forks and ends may be missing from a
   * list, and so may its children, which are younger than the list: only two equal lists of zombies are believed. Zombies that are
   * reaped meanwhile make lists differ as well, but that soon ends.
   */
  #isAnyMemberRunning(group: number): boolean {
    let zombies = '';
    for (let readings = 0; readings < MOST_READINGS; readings++) {
      if (this.#probe.exists(-group) === 'no') return false;
      const members = this.#probe.members(group);
      if (members.some((member) => !isFinished(member))) return true;
      if (this.#probe.mayHide()) break;
      const before = zombies;
      zombies = members.map(({ pid }) => pid).join();
      if (zombies !== '' && zombies === before) return false;
    }
    return this.#probe.exists(-group) !== 'no';
  }
}
