import { refuseUnknown } from '../core/options/validate.js';
import type { Clock } from '../system/clock.js';
import { HostProcessTable } from '../system/processes/host-process-table.js';
import type { ProcessIdentity } from '../system/processes/process-identity.js';
import type {
  AgeRange,
  GroupMember,
  Liveness,
  ProcessLook,
  ProcessProbe,
  ProcessTable,
} from '../system/processes/process-table.js';
import type { Life } from '../system/signs-of-life/sign-of-life.js';
import { FakeClock } from './fake-clock.js';
import { fakeLife } from './fake-life.js';
import {
  type Entry,
  FakeMachine,
  type FakeManners,
  type FakePlace,
  type FakeProcess,
  type SentSignal,
} from './fake-machine.js';

/**
 * A process table in which a test starts, kills, zombifies and recycles processes. It draws the same conclusions as
 * the real one; only what it sees is made up.
 *
 * @example
 * import { acquire } from 'livinglock';
 * import { FakeProcessTable } from 'livinglock/testing';
 *
 * const processes = new FakeProcessTable();
 * const other = processes.start();
 * await acquire(path, { dependencies: { processes: processes.as(other) } });
 * other.kill();
 * await acquire(path, { dependencies: { processes } }); // takes over at once
 */
export class FakeProcessTable implements ProcessTable {
  readonly #machine: FakeMachine;
  readonly #clock: Clock;
  #self: FakeProcess;

  /** @param clock The clock for `terminate` and for the age of processes. Default: one that stands still; then the age of processes is unknown. */
  constructor(clock?: Clock) {
    this.#clock = clock ?? new FakeClock();
    this.#machine = new FakeMachine(clock);
    this.#self = this.start();
  }

  /** Starts a process, by default on the same machine, with a PID that no other process had before. */
  start(place: FakePlace = {}, manners: FakeManners = {}): FakeProcess {
    refuseUnknown(place, ['hostname', 'bootId', 'pidNamespace'], ' of a place');
    return this.#machine.start(place, manners);
  }

  /** The same processes, as seen by another of them. */
  as(process: FakeProcess): ProcessTable {
    this.#machine.refuseStranger('as', process);
    return new HostProcessTable(new FakeProbe(this.#machine, process), this.#clock);
  }

  /**
   * The signs of life of one process, for `dependencies.life`. With them, a holder in another PID namespace is known to be alive or dead. Without
   * them, which is the default, nothing is known about it.
   *
   * @param process Default: the calling process.
   * @example
   * import { acquire } from 'livinglock';
   * import { FakeProcessTable } from 'livinglock/testing';
   *
   * const processes = new FakeProcessTable();
   * const other = processes.start({ pidNamespace: 'pid:[4026532001]' });
   * await acquire(path, { dependencies: { processes: processes.as(other), life: processes.lifeOf(other) } });
   * other.kill();
   * await acquire(path, { dependencies: { processes, life: processes.lifeOf() } }); // takes over at once
   */
  lifeOf(process: FakeProcess = this.#self): Life {
    this.#machine.refuseStranger('lifeOf', process);
    return fakeLife(this.#machine, process);
  }

  /** The calling process. */
  get own(): FakeProcess {
    return this.#self;
  }

  /** Restarts the machine: all its processes are gone, and the calling process is a new one. */
  reboot(): void {
    this.#machine.reboot();
    this.#self = this.start();
  }

  /** The signals that were sent, in order. */
  get signals(): readonly SentSignal[] {
    return this.#machine.signals;
  }

  self(): ProcessIdentity {
    return this.#self.identity;
  }

  identify(pid: number, group?: boolean): ProcessIdentity | null {
    return this.as(this.#self).identify(pid, group);
  }

  liveness(identity: ProcessIdentity, age?: number): Liveness {
    return this.as(this.#self).liveness(identity, age);
  }

  terminate(
    identity: ProcessIdentity,
    grace: number,
    writer?: number | null,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.as(this.#self).terminate(identity, grace, writer, signal);
  }

  refuseTermination(identity: ProcessIdentity, writer?: number | null): void {
    this.as(this.#self).refuseTermination?.(identity, writer);
  }
}

/** What one fake process sees of the others. */
class FakeProbe implements ProcessProbe {
  readonly trustsHostname = false;
  readonly hasGroups = true;
  readonly #machine: FakeMachine;
  readonly #viewer: ProcessIdentity;
  readonly #manners: FakeManners;

  constructor(machine: FakeMachine, viewer: FakeProcess) {
    this.#machine = machine;
    this.#viewer = viewer.identity;
    this.#manners = viewer.manners;
  }

  self(): ProcessIdentity {
    return this.#viewer;
  }

  exists(pid: number): 'yes' | 'no' | 'forbidden' {
    const found = this.#find(pid);
    if (found.length === 0) return 'no';
    return found.every(({ process }) => process.manners.forbidden) ? 'forbidden' : 'yes';
  }

  members(group: number): readonly GroupMember[] {
    return this.#find(-group).map(({ process: { pid }, zombie, threads }) => ({ pid, zombie, threads }));
  }

  mayHide(): boolean {
    return false;
  }

  isSocketOpen(socket: string): 'yes' | 'no' {
    return this.socketOwners(socket).length > 0 ? 'yes' : 'no';
  }

  socketOwners(socket: string): readonly number[] {
    return this.#machine.socketOwners(socket);
  }

  /** One process, or, for a negative number, the processes of a group. */
  #find(pid: number): readonly Entry[] {
    if (pid < 0) return this.#machine.members(this.#viewer, -pid);
    const entry = this.#machine.find(this.#viewer, pid);
    return entry === undefined ? [] : [entry];
  }

  look(pid: number): ProcessLook | null {
    const entry = this.#machine.find(this.#viewer, pid);
    if (entry === undefined) return null;
    return { started: entry.process.identity.started, zombie: entry.zombie, threads: entry.threads };
  }

  sameStart(recorded: string, current: string): 'yes' | 'no' {
    return recorded === current ? 'yes' : 'no';
  }

  mayExistElsewhere(pid: number): boolean {
    return this.#machine.hasPidInside(this.#viewer, pid);
  }

  ageOf(started: string): AgeRange {
    return this.#machine.ageOf(started);
  }

  ownUser(): number {
    return userOf(this.#manners);
  }

  usersOf(pid: number): readonly number[] | null {
    const entry = this.#machine.find(this.#viewer, pid);
    if (entry === undefined) return null;
    const user = userOf(entry.process.manners);
    return [user, user];
  }

  isProcess(): boolean {
    return true;
  }

  ancestors(): readonly number[] {
    const ancestors: number[] = [];
    for (let { parent } = this.#manners; parent !== undefined; { parent } = parent.manners)
      ancestors.push(parent.pid);
    return ancestors;
  }

  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const found = this.#find(pid);
    const reached = found.filter(({ process }) => !process.manners.forbidden);
    if (reached.length === 0) throw refused(found.length === 0 ? 'ESRCH' : 'EPERM');
    this.#machine.signals.push({ pid, signal });
    for (const { process } of reached) {
      if (signal === 'SIGKILL' || !process.manners.ignoresTerm) process.kill();
    }
  }
}

function userOf({ user = process.geteuid?.() ?? 0 }: FakeManners): number {
  return user;
}

function refused(code: 'ESRCH' | 'EPERM'): Error {
  return Object.assign(new Error(`kill ${code}`), { code, syscall: 'kill' });
}
