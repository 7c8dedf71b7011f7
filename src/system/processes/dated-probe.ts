import { hostname } from 'node:os';
import type { ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';
import { ancestorsBy, processExists } from './signals.js';

/** Runs a program and returns its output; throws if it fails. */
export type Run = (file: string, args: readonly string[]) => string;

/** Milliseconds. Start times given as dates are rounded, and may differ by a second for the same process. */
const TOLERANCE = 2000;

/** A platform where programs report processes, and their start times as dates. Neither PID namespaces nor sockets are visible. */
export abstract class DatedProbe implements ProcessProbe {
  readonly trustsHostname = true;
  abstract readonly hasGroups: boolean;
  readonly #run: Run;
  #self: ProcessIdentity | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  abstract look(pid: number): ProcessLook | null;
  abstract members(group: number): readonly GroupMember[];
  abstract ownUser(): number | null;
  abstract usersOf(pid: number): readonly number[] | null;
  protected abstract bootId(): string | null;
  /** One line for each process: its PID and its parent's. */
  protected abstract parents(): string | null;

  self(): ProcessIdentity {
    if (this.#self !== undefined) return this.#self;
    const self = {
      pid: process.pid,
      hostname: hostname(),
      bootId: this.bootId(),
      pidNamespace: null,
      // Not from `process.uptime()`: only that program gives everyone the same answer, whatever the wall clock did since.
      started: this.look(process.pid)?.started ?? null,
    };
    // What could not be read now, for example with too many open files, may be readable next time.
    if (self.started !== null) this.#self = self;
    return self;
  }

  exists(pid: number): 'yes' | 'no' | 'forbidden' {
    return processExists(pid);
  }

  mayHide(): boolean {
    return false;
  }

  isSocketOpen(): 'unclear' {
    return 'unclear';
  }

  socketOwners(): readonly number[] {
    return [];
  }

  sameStart(one: string, other: string): boolean {
    const difference = Date.parse(one) - Date.parse(other);
    // Dates that cannot be compared prove nothing, so they must not look like another process.
    return Number.isNaN(difference) || Math.abs(difference) <= TOLERANCE;
  }

  mayExistElsewhere(): boolean {
    return false;
  }

  /** Both the start time and the file's time were taken from the wall clock when it happened; a later step of that clock changes neither. */
  ageOf(started: string): AgeRange {
    const age = Date.now() - Date.parse(started);
    return { least: age, most: age };
  }

  isProcess(): boolean {
    return true;
  }

  ancestors(): readonly number[] {
    const lines = (this.parents() ?? '').matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm);
    const parents = new Map(Array.from(lines, ([, pid, parent]) => [Number(pid), Number(parent)]));
    return ancestorsBy((pid) => parents.get(pid));
  }

  /** Windows has no signals; for either of these, Node ends the process at once. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    process.kill(pid, signal);
  }

  /** The trimmed output of a program; `null` if it fails, or prints nothing. */
  protected output(file: string, args: readonly string[]): string | null {
    try {
      return this.#run(file, args).trim() || null;
    } catch {
      return null;
    }
  }
}
