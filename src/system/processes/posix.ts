import { execFileSync } from 'node:child_process';
import { hostname, uptime } from 'node:os';
import { ancestorsBy, parentsFrom } from './ancestors.js';
import type { ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';
import { processExists, sendSignal } from './signals.js';
import { ageOfDate, withinTolerance } from './start-times.js';

/** Not by `PATH`, which may lead to a program of somebody else's: on what it says depends whom a signal reaches. */
const PS = '/bin/ps';

/** Runs a program and gives what it prints; throws where it fails. */
export type Run = (file: string, args: readonly string[]) => string;

/** macOS, and other Unix systems without Linux's `/proc`: by ps(1) and sysctl(8). */
export class PosixProbe implements ProcessProbe {
  readonly trustsHostname = true;
  readonly hasGroups = true;
  readonly #run: Run;
  #self: ProcessIdentity | undefined;

  constructor(run: Run = runInEnglish) {
    this.#run = run;
  }

  self(): ProcessIdentity {
    if (this.#self !== undefined) return this.#self;
    const self = {
      pid: process.pid,
      hostname: hostname(),
      bootId: this.#output('sysctl', ['-n', 'kern.bootsessionuuid']),
      pidNamespace: null,
      // Not from `process.uptime()`: only ps says it the same way to everyone, whatever the wall clock has done since.
      started: this.look(process.pid)?.started ?? null,
    };
    // What could not be learnt just now, with too many files open, may be learnt the next time.
    if (self.started !== null) this.#self = self;
    return self;
  }

  exists(pid: number): 'yes' | 'no' | 'forbidden' {
    return processExists(pid);
  }

  look(pid: number): ProcessLook | null {
    const output = this.#output('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [, state, started] = /^(\S+)\s+(.*\S)$/.exec(output ?? '') ?? [];
    const time = Date.parse(`${started} UTC`);
    if (state === undefined || Number.isNaN(time)) return null;
    // A process becomes a zombie here only when its last thread has ended.
    return { started: new Date(time).toISOString(), zombie: state.startsWith('Z'), threads: 1 };
  }

  members(group: number): readonly GroupMember[] {
    const lines = (this.#output(PS, ['-A', '-o', 'pid=,pgid=,stat=']) ?? '').matchAll(
      /^\s*(\d+)\s+(\d+)\s+(\S+)/gm,
    );
    return Array.from(lines, ([, pid, of, state]) => ({
      pid: Number(pid),
      of: Number(of),
      zombie: state?.startsWith('Z') === true,
    }))
      .filter(({ of }) => of === group)
      .map(({ pid, zombie }) => ({ pid, zombie, threads: 1 }));
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

  uptime(): number {
    return uptime() * 1000;
  }

  sameStart(one: string, other: string): boolean {
    return withinTolerance(one, other);
  }

  mayExistElsewhere(): boolean {
    return false;
  }

  /** The date was taken from the wall clock when the process began, as a file's was; no later step of that clock changes either. */
  ageOf(started: string): AgeRange {
    return ageOfDate(started);
  }

  ownUser(): number | null {
    return process.geteuid?.() ?? null;
  }

  usersOf(pid: number): readonly number[] | null {
    const output = this.#output(PS, ['-o', 'ruid=,svuid=', '-p', String(pid)]);
    const users = output?.split(/\s+/) ?? [];
    return users.length === 2 && users.every((user) => /^\d+$/.test(user)) ? users.map(Number) : null;
  }

  isProcess(): boolean {
    return true;
  }

  ancestors(): readonly number[] {
    const parents = parentsFrom(this.#output(PS, ['-A', '-o', 'pid=,ppid=']));
    return ancestorsBy((pid) => parents.get(pid));
  }

  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    sendSignal(pid, signal);
  }

  #output(file: string, args: readonly string[]): string | null {
    try {
      return this.#run(file, args).trim() || null;
    } catch {
      return null;
    }
  }
}

/** English names and UTC, whatever the caller's locale and time zone. */
function runInEnglish(file: string, args: readonly string[]): string {
  return execFileSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
}
