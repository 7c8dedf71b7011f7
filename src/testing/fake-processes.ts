import type { Clock } from '../system/clock.js';
import { HostProcessTable } from '../system/processes/host-process-table.js';
import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from '../system/processes/process-identity.js';
import type {
  AgeRange,
  GroupMember,
  Liveness,
  ProcessLook,
  ProcessProbe,
  ProcessTable,
} from '../system/processes/process-table.js';
import { FakeClock } from './fake-clock.js';

/** Where a fake process runs; what is left out is as on the table's own machine. */
export interface FakePlace {
  readonly hostname?: string;
  readonly bootId?: string;
  readonly pidNamespace?: string;
}

/** What a fake process does with signals. */
export interface FakeManners {
  /** Goes on living after SIGTERM. Default: `false`. */
  readonly ignoresTerm?: boolean;
  /** Belongs to another user: signals to it are refused with EPERM. Default: `false`. */
  readonly forbidden?: boolean;
  /** The ID of the user to whom it belongs. Default: that of the user who runs the test, to whom the files that it makes belong too. */
  readonly user?: number;
  /** The process that has started it. Default: none that is known. */
  readonly parent?: FakeProcess;
  /** The leader of the process group in which it is. Default: it leads one of its own. */
  readonly group?: FakeProcess;
  /** The socket that it has inherited from a holder, see `ProcessIdentity.inheritedSocket`. Default: none. */
  readonly inheritedSocket?: string;
}

/**
 * A process table in which a test starts, kills, zombifies and recycles processes. The conclusions it draws are those of
 * the real one; only what it sees is made up.
 *
 * @example
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

  /** @param clock What `terminate` waits by, and processes grow old by. Default: one that stands still, and nobody knows how old they are. */
  constructor(clock?: Clock) {
    this.#clock = clock ?? new FakeClock();
    this.#machine = new FakeMachine(clock);
    this.#self = this.start();
  }

  /** Starts a process, by default on the same machine, with a PID that no other has had. */
  start(place: FakePlace = {}, manners: FakeManners = {}): FakeProcess {
    return this.#machine.start(place, manners);
  }

  /** The same processes as another one of them sees them. */
  as(process: FakeProcess): ProcessTable {
    return new HostProcessTable(new FakeProbe(this.#machine, process), this.#clock);
  }

  /** The process that calls. */
  get own(): FakeProcess {
    return this.#self;
  }

  /** Starts the machine anew: all its processes are gone, and the calling one is another. */
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

  terminate(identity: ProcessIdentity, grace: number, writer?: number | null): Promise<void> {
    return this.as(this.#self).terminate(identity, grace, writer);
  }

  refuseTermination(identity: ProcessIdentity, writer?: number | null): void {
    this.as(this.#self).refuseTermination?.(identity, writer);
  }
}

/** A process that exists only in a {@link FakeProcessTable}. */
export class FakeProcess {
  readonly identity: ProcessIdentity;
  readonly manners: FakeManners;
  readonly #machine: FakeMachine;

  /** @internal */
  constructor(machine: FakeMachine, identity: ProcessIdentity, manners: FakeManners) {
    this.#machine = machine;
    this.identity = identity;
    this.manners = manners;
  }

  get pid(): number {
    return this.identity.pid;
  }

  /** It ends at once, and nothing is left of it. */
  kill(): void {
    this.#machine.remove(this);
  }

  /** It ends, but its parent does not take notice. With `threads` above 1 some of its threads still run. */
  zombify({ threads = 1 }: { readonly threads?: number } = {}): void {
    this.#machine.zombify(this, threads);
  }

  /** It ends, and a new process gets its PID. */
  recycle(manners: FakeManners = {}): FakeProcess {
    this.kill();
    return this.#machine.start(this.identity, manners, this.pid);
  }
}

export interface SentSignal {
  /** Negative where it was sent to a process group. */
  readonly pid: number;
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

interface Entry {
  readonly process: FakeProcess;
  zombie: boolean;
  threads: number;
}

/** All that exists, on all machines; each PID namespace sees its own part. */
class FakeMachine {
  readonly signals: SentSignal[] = [];
  readonly #clock: Clock | undefined;
  readonly #entries = new Map<string, Entry>();
  /** On the monotonic clock, by tick. */
  readonly #starts = new Map<string, number>();
  #bootNumber = 1;
  #nextPid = 1000;
  #ticks = 0;

  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  start(place: FakePlace | ProcessIdentity, manners: FakeManners, pid?: number): FakeProcess {
    const identity: ProcessIdentity = {
      pid: pid ?? this.#nextPid++,
      hostname: place.hostname ?? 'fake-host',
      bootId: place.bootId ?? this.#bootId(),
      pidNamespace: place.pidNamespace ?? INITIAL_PID_NAMESPACE,
      started: String(++this.#ticks),
    };
    if (this.#clock !== undefined) this.#starts.set(String(this.#ticks), this.#clock.monotonic());
    const process = new FakeProcess(this, identity, manners);
    this.#entries.set(key(identity), { process, zombie: false, threads: 11 });
    return process;
  }

  find(viewer: ProcessIdentity, pid: number): Entry | undefined {
    return this.#entries.get(key({ ...viewer, pid }));
  }

  members(viewer: ProcessIdentity, group: number): readonly Entry[] {
    return [...this.#entries.values()].filter(({ process }) => {
      const { identity, manners } = process;
      return (
        (manners.group ?? process).pid === group && key(identity) === key({ ...viewer, pid: identity.pid })
      );
    });
  }

  socketOwners(socket: string): readonly number[] {
    return [...this.#entries.values()]
      .filter(({ process }) => process.manners.inheritedSocket === socket)
      .map(({ process }) => process.pid);
  }

  ageOf(started: string): AgeRange {
    const start = this.#starts.get(started);
    if (this.#clock === undefined || start === undefined) return { least: 0, most: Number.POSITIVE_INFINITY };
    const age = this.#clock.monotonic() - start;
    return { least: age, most: age };
  }

  remove(process: FakeProcess): void {
    if (this.#entryOf(process) !== undefined) this.#entries.delete(key(process.identity));
  }

  zombify(process: FakeProcess, threads: number): void {
    const entry = this.#entryOf(process);
    if (entry === undefined) throw new Error(`PID ${process.pid} is gone and cannot become a zombie`);
    entry.zombie = true;
    entry.threads = threads;
  }

  reboot(): void {
    const bootId = this.#bootId();
    for (const [place, { process }] of this.#entries) {
      if (process.identity.bootId === bootId) this.#entries.delete(place);
    }
    this.#bootNumber++;
    this.#ticks = 0;
  }

  hasPidInside(viewer: ProcessIdentity, pid: number): boolean {
    if (viewer.pidNamespace !== INITIAL_PID_NAMESPACE) return true;
    return [...this.#entries.values()].some(
      ({ process: { identity } }) =>
        identity.pid === pid &&
        identity.bootId === viewer.bootId &&
        identity.pidNamespace !== INITIAL_PID_NAMESPACE,
    );
  }

  #entryOf(process: FakeProcess): Entry | undefined {
    const entry = this.#entries.get(key(process.identity));
    return entry?.process === process ? entry : undefined;
  }

  #bootId(): string {
    return `fake-boot-${this.#bootNumber}`;
  }
}

function key({ bootId, pidNamespace, pid }: ProcessIdentity): string {
  return `${bootId} ${pidNamespace} ${pid}`;
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

  /** One process, or with a negative number those of a group. */
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

  sameStart(one: string, other: string): boolean {
    return one === other;
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
