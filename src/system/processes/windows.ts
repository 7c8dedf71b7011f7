import { execFileSync } from 'node:child_process';
import { DatedProbe, type Run } from './dated-probe.js';
import type { ProcessLook } from './process-table.js';

/** Windows, using PowerShell's `Get-Process`. There are neither boot IDs nor zombies. */
export class WindowsProbe extends DatedProbe {
  readonly hasGroups = false;

  constructor(run: Run = runHidden) {
    super(run);
  }

  look(pid: number): ProcessLook | null {
    const output = this.#powerShell(`(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`);
    const time = Date.parse(output ?? '');
    return Number.isNaN(time) ? null : { started: new Date(time).toISOString(), zombie: false, threads: 1 };
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

  #powerShell(command: string): string | null {
    return this.output('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', command]);
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
