import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { systemCode } from '../system-code.js';
import { systemProgram } from '../windows-program.js';
import { DatedProbe, type Run } from './dated-probe.js';
import type { ProcessLook } from './process-table.js';

/** How long a start time counts as known, in milliseconds, so that waiting for a lock does not start a program for each look at it. */
const VALIDITY = 60_000;
/** Milliseconds. PowerShell takes half a second. On some machines it hangs: it is not started again then. */
const TIMEOUT = 5000;

interface Answer {
  readonly started: string | null;
  readonly at: number;
}

/** Windows, using PowerShell's `Get-Process`. There are neither boot IDs nor zombies. */
export class WindowsProbe extends DatedProbe {
  readonly hasGroups = false;
  readonly #now: () => number;
  readonly #answers = new Map<number, Answer>();
  #hangs = false;

  /** @param now Milliseconds of a clock that is never set. */
  constructor(run: Run = runHidden, now = () => performance.now()) {
    super(run);
    this.#now = now;
  }

  /** Most callers need only to know that the process exists. */
  look(pid: number, isFresh = false): ProcessLook {
    const startOf = () => this.#startOf(pid, isFresh);
    return {
      get started() {
        return startOf();
      },
      zombie: false,
      threads: 1,
    };
  }

  members(): readonly [] {
    return [];
  }

  ownUser(): number | null {
    return null;
  }

  usersOf(): readonly number[] | null {
    return null;
  }

  protected bootId(): null {
    return null;
  }

  protected parents(): string | null {
    return this.#powerShell(
      'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }',
    );
  }

  /** If the process of before has ended, an old answer makes the next one with its PID look alive, but not dead. */
  #startOf(pid: number, isFresh: boolean): string | null {
    const known = this.#answers.get(pid);
    if (known !== undefined && !isFresh && this.#now() - known.at < VALIDITY) return known.started;
    const output = this.#powerShell(`(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`);
    const time = Date.parse(output ?? '');
    const started = Number.isNaN(time) ? null : new Date(time).toISOString();
    this.#answers.set(pid, { started, at: this.#now() });
    return started;
  }

  /** What it prints, trimmed; `null` if it fails. */
  #powerShell(command: string): string | null {
    if (this.#hangs) return null;
    try {
      return this.run(systemProgram('WindowsPowerShell', 'v1.0', 'powershell.exe'), [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        command,
      ]).trim();
    } catch (error) {
      this.#hangs = systemCode(error) === 'ETIMEDOUT';
      return null;
    }
  }
}

function runHidden(file: string, args: readonly string[]): string {
  return execFileSync(file, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT,
    windowsHide: true,
  });
}
