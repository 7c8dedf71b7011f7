import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { attempt } from '../attempt.js';
import { ancestorsBy, processExists } from './process-exists.js';
import type { ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';

/** Runs a program and returns its output; throws if it fails. */
export type Run = (file: string, args: readonly string[]) => string;

/** Milliseconds. Start times given as dates are rounded, and may differ by a second for the same process; and a runtime starts later than its process. */
const TOLERANCE = 2000;

/** A platform where programs report processes, and their start times as dates. Neither PID namespaces nor sockets are visible. */
export abstract class DatedProbe implements ProcessProbe {
  readonly trustsHostname = true;
  abstract readonly hasGroups: boolean;
  readonly exists = processExists;
  /** Throws if the program fails. */
  protected readonly run: Run;
  #self: ProcessIdentity | undefined;

  constructor(run: Run) {
    this.run = run;
  }

  abstract look(pid: number, isFresh?: boolean): ProcessLook | null;
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
      // At most a little later than what the programs say, whatever the wall clock did since.
      started: new Date(performance.timeOrigin).toISOString(),
    };
    this.#self = self;
    return self;
  }

  mayHide(): boolean {
    return false;
  }

  /** The PID is given to another process only later. An earlier start, and dates that cannot be compared, prove nothing. */
  sameStart(recorded: string, current: string): 'yes' | 'no' | 'unclear' {
    const later = Date.parse(current) - Date.parse(recorded);
    if (later > TOLERANCE) return 'no';
    return later >= -TOLERANCE ? 'yes' : 'unclear';
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
    return attempt(() => this.run(file, args).trim() || null, null);
  }
}
