import { hostname } from 'node:os';
import type { ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';
import { ancestorsBy, processExists } from './signals.js';

/** Runs a program and gives what it prints; throws where it fails. */
export type Run = (file: string, args: readonly string[]) => string;

/** Milliseconds. Where start times come as dates they are rounded, and one process may be shown a second apart. */
const TOLERANCE = 2000;

/** A platform where programs tell of processes, and when one began as a date: neither PID namespaces nor sockets can be seen. */
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
  /** Lines with a PID and that of its parent. */
  protected abstract parents(): string | null;

  self(): ProcessIdentity {
    if (this.#self !== undefined) return this.#self;
    const self = {
      pid: process.pid,
      hostname: hostname(),
      bootId: this.bootId(),
      pidNamespace: null,
      // Not from `process.uptime()`: only that program says it the same way to everyone, whatever the wall clock has done since.
      started: this.look(process.pid)?.started ?? null,
    };
    // What could not be learnt just now, with too many files open, may be learnt the next time.
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
    // What cannot be compared proves nothing, so it must not look like another process.
    return Number.isNaN(difference) || Math.abs(difference) <= TOLERANCE;
  }

  mayExistElsewhere(): boolean {
    return false;
  }

  /** The date was taken from the wall clock when the process began, as a file's was; no later step of that clock changes either. */
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

  /** Windows has no signals; Node ends the process at once for either of these. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    process.kill(pid, signal);
  }

  /** What a program prints, without the white space around it; `null` where it fails, or prints nothing. */
  protected output(file: string, args: readonly string[]): string | null {
    try {
      return this.#run(file, args).trim() || null;
    } catch {
      return null;
    }
  }
}
