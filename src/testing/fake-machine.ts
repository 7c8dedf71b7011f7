import { refuseUnknown, show } from '../core/options/validate.js';
import type { Clock } from '../system/clock.js';
import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from '../system/processes/process-identity.js';
import type { AgeRange } from '../system/processes/process-table.js';

/** Where a fake process runs; anything left out is as on the table's own machine. */
export interface FakePlace {
  /** A different name means another machine. */
  readonly hostname?: string | undefined;
  /** Unique to one boot of one machine. */
  readonly bootId?: string | undefined;
  /** A different one means another container. */
  readonly pidNamespace?: string | undefined;
}

/** How a fake process reacts to signals. */
export interface FakeManners {
  /** Keeps running after SIGTERM. Default: `false`. */
  readonly ignoresTerm?: boolean | undefined;
  /** Belongs to another user: signals to it are refused with EPERM. Default: `false`. */
  readonly forbidden?: boolean | undefined;
  /** The ID of the user it belongs to. Default: the user who runs the test, who also owns the files that it creates. */
  readonly user?: number | undefined;
  /** The process that started it. Default: unknown. */
  readonly parent?: FakeProcess | undefined;
  /** The leader of its process group. Default: it leads its own. */
  readonly group?: FakeProcess | undefined;
  /** The socket that it inherited from a holder, see `ProcessIdentity.inheritedSocket`. Default: none. */
  readonly inheritedSocket?: string | undefined;
}

const MANNERS: readonly (keyof FakeManners)[] = [
  'ignoresTerm',
  'forbidden',
  'user',
  'parent',
  'group',
  'inheritedSocket',
];

/** A process that exists only in a `FakeProcessTable`. */
export class FakeProcess {
  /** What a lock records about it. */
  readonly identity: ProcessIdentity;
  /** How it reacts to signals, and which user, parent and group it has. */
  readonly manners: FakeManners;
  readonly #machine: FakeMachine;

  /** @internal */
  static on(machine: FakeMachine, identity: ProcessIdentity, manners: FakeManners): FakeProcess {
    return new FakeProcess(machine, identity, manners);
  }

  // Private, and not left out of the declaration: a class that declares no constructor has one without parameters.
  private constructor(machine: FakeMachine, identity: ProcessIdentity, manners: FakeManners) {
    this.#machine = machine;
    this.identity = identity;
    this.manners = manners;
  }

  /** Its PID. */
  get pid(): number {
    return this.identity.pid;
  }

  /** It ends at once, and nothing is left of it. */
  kill(): void {
    this.#machine.remove(this);
  }

  /** It ends, but its parent does not reap it. With `threads` above 1 some of its threads are still running. */
  zombify(options: { readonly threads?: number } = {}): void {
    refuseUnknown(options, ['threads']);
    this.#machine.zombify(this, options.threads ?? 1);
  }

  /** It ends, and a new process gets its PID. */
  recycle(manners: FakeManners = {}): FakeProcess {
    this.kill();
    return this.#machine.start(this.identity, manners, this.pid);
  }
}

/** A signal that reached a fake process. */
export interface SentSignal {
  /** The PID it was sent to; negative for a process group. */
  readonly pid: number;
  /** Its name. */
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

export interface Entry {
  readonly process: FakeProcess;
  zombie: boolean;
  threads: number;
}

/** Everything that exists, on all machines; each PID namespace sees its own part. */
export class FakeMachine {
  readonly signals: SentSignal[] = [];
  /** Who keeps the signs of life, by their inode numbers. `null`: nobody any more. */
  readonly signs = new Map<number, FakeProcess | null>();
  readonly #clock: Clock | undefined;
  readonly #entries = new Map<string, Entry>();
  /** All processes that were ever started. */
  readonly #started = new WeakSet<FakeProcess>();
  /** On the monotonic clock, by tick. */
  readonly #starts = new Map<string, number>();
  #bootNumber = 1;
  #nextPid = 1000;
  #ticks = 0;

  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  start(place: FakePlace | ProcessIdentity, manners: FakeManners, pid?: number): FakeProcess {
    refuseUnknown(manners, MANNERS, ' of a fake process');
    const identity: ProcessIdentity = {
      pid: pid ?? this.#nextPid++,
      hostname: place.hostname ?? 'fake-host',
      bootId: place.bootId ?? this.#bootId(),
      pidNamespace: place.pidNamespace ?? INITIAL_PID_NAMESPACE,
      started: String(++this.#ticks),
    };
    if (this.#clock !== undefined) this.#starts.set(String(this.#ticks), this.#clock.monotonic());
    const process = FakeProcess.on(this, identity, manners);
    this.#entries.set(key(identity), { process, zombie: false, threads: 11 });
    this.#started.add(process);
    return process;
  }

  /** Throws a `TypeError` for what is no process of this machine. */
  refuseStranger(method: string, process: FakeProcess): void {
    if (this.#started.has(process)) return;
    const found = process instanceof FakeProcess ? 'a process of another table' : show(process);
    throw new TypeError(
      `\`${method}\` takes a process that this FakeProcessTable has started, such as \`processes.start()\` returns, but got ${found}.`,
    );
  }

  find(viewer: ProcessIdentity, pid: number): Entry | undefined {
    return this.#entries.get(key({ ...viewer, pid }));
  }

  isRunning(process: FakeProcess): boolean {
    return this.#entryOf(process)?.zombie === false;
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
