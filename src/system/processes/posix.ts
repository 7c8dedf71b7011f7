import { execFileSync } from 'node:child_process';
import { uptime } from 'node:os';
import { DatedProbe, type Run } from './dated-probe.js';
import type { GroupMember, ProcessLook } from './process-table.js';

// Not found by `PATH`, which may lead to somebody else's programs: their output decides which process is signalled.
export const PS = '/bin/ps';
const SYSCTL = '/usr/sbin/sysctl';

/** macOS, and other Unix systems without Linux's `/proc`: uses ps(1) and sysctl(8). */
export class PosixProbe extends DatedProbe {
  readonly hasGroups = true;

  constructor(run: Run = runInEnglish) {
    super(run);
  }

  look(pid: number): ProcessLook | null {
    const output = this.output(PS, ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [, state, started] = /^(\S+)\s+(.*\S)$/.exec(output ?? '') ?? [];
    const time = Date.parse(`${started} UTC`);
    if (state === undefined || Number.isNaN(time)) return null;
    // Here a process becomes a zombie only when its last thread has ended.
    return { started: new Date(time).toISOString(), zombie: state.startsWith('Z'), threads: 1 };
  }

  members(group: number): readonly GroupMember[] {
    const lines = (this.output(PS, ['-A', '-o', 'pid=,pgid=,stat=']) ?? '').matchAll(
      /^\s*(\d+)\s+(\d+)\s+(\S+)/gm,
    );
    return [...lines].flatMap(([, pid, of, state = '']) =>
      Number(of) === group ? [{ pid: Number(pid), zombie: state.startsWith('Z'), threads: 1 }] : [],
    );
  }

  uptime(): number {
    return uptime() * 1000;
  }

  ownUser(): number | null {
    return process.geteuid?.() ?? null;
  }

  usersOf(pid: number): readonly number[] | null {
    const output = this.output(PS, ['-o', 'ruid=,svuid=', '-p', String(pid)]);
    const users = output?.split(/\s+/) ?? [];
    return users.length === 2 && users.every((user) => /^\d+$/.test(user)) ? users.map(Number) : null;
  }

  protected bootId(): string | null {
    return this.output(SYSCTL, ['-n', 'kern.bootsessionuuid']);
  }

  protected parents(): string | null {
    return this.output(PS, ['-A', '-o', 'pid=,ppid=']);
  }
}

/** English names and UTC, whatever the caller's locale and time zone. */
export function runInEnglish(file: string, args: readonly string[]): string {
  return execFileSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
}
