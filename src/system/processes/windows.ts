import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { ancestorsBy, parentsFrom } from './ancestors.js';
import type { Run } from './posix.js';
import type { ProcessIdentity } from './process-identity.js';
import type { AgeRange, ProcessLook, ProcessProbe } from './process-table.js';
import { processExists, sendSignal } from './signals.js';
import { ageOfDate, withinTolerance } from './start-times.js';

/** Windows, by PowerShell's `Get-Process`. There are neither boot ids nor zombies. */
export class WindowsProbe implements ProcessProbe {
  readonly trustsHostname = true;
  readonly hasGroups = false;
  readonly #run: Run;
  #self: ProcessIdentity | undefined;

  constructor(run: Run = runHidden) {
    this.#run = run;
  }

  self(): ProcessIdentity {
    if (this.#self !== undefined) return this.#self;
    const self = {
      pid: process.pid,
      hostname: hostname(),
      bootId: null,
      pidNamespace: null,
      started: this.look(process.pid)?.started ?? null,
    };
    // What could not be learnt just now may be learnt the next time.
    if (self.started !== null) this.#self = self;
    return self;
  }

  exists(pid: number): 'yes' | 'no' | 'forbidden' {
    return processExists(pid);
  }

  look(pid: number): ProcessLook | null {
    const output = this.#output(`(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`);
    const time = Date.parse(output?.trim() ?? '');
    return Number.isNaN(time) ? null : { started: new Date(time).toISOString(), zombie: false, threads: 1 };
  }

  members(): readonly [] {
    return [];
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
    return withinTolerance(one, other);
  }

  mayExistElsewhere(): boolean {
    return false;
  }

  ageOf(started: string): AgeRange {
    return ageOfDate(started);
  }

  ownUser(): number | null {
    return null;
  }

  usersOf(): readonly number[] | null {
    return null;
  }

  isProcess(): boolean {
    return true;
  }

  ancestors(): readonly number[] {
    const list = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }';
    const parents = parentsFrom(this.#output(list));
    return ancestorsBy((pid) => parents.get(pid));
  }

  /** Windows has no signals; Node ends the process at once for either of these. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    sendSignal(pid, signal);
  }

  #output(command: string): string | null {
    try {
      return this.#run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', command]);
    } catch {
      return null;
    }
  }
}

function runHidden(file: string, args: readonly string[]): string {
  return execFileSync(file, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
    windowsHide: true,
  });
}
