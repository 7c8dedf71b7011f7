import childProcess from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listProcesses } from '../../../../src/cli/run/processes/process-list.js';
import { pretend, replace } from '../../../../support/replace.js';
import { FakeProc, OWN_GROUP } from '../fake-proc.js';

describe('the list of processes', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('comes from /proc, without zombies', () => {
    const proc = new FakeProc();
    proc.add(20, { parent: 10, group: 19, started: 5 });
    proc.add(21, { state: 'Z', threads: 1 });
    proc.add(22, { state: 'X', threads: 0 });
    proc.add(23, { state: 'Z', threads: 2 });
    // It ends while the list is read.
    proc.add(24, {});
    proc.files.delete('/proc/24/stat');
    expect(listProcesses().filter(({ pid }) => pid !== 1 && pid !== process.pid)).toEqual([
      { pid: 20, parent: 10, group: 19, started: '5' },
      { pid: 23, parent: 1, group: OWN_GROUP, started: '23' },
    ]);
    expect(listProcesses().map(({ pid }) => pid)).toContain(process.pid);
  });

  it('is empty where /proc shows those of another namespace', () => {
    const proc = new FakeProc();
    proc.links.set('/proc/self', '1');
    expect(listProcesses()).toEqual([]);
    proc.links.delete('/proc/self');
    expect(listProcesses()).toEqual([]);
  });

  it('comes from ps elsewhere', () => {
    pretend('darwin');
    const output = [
      '    1     0     1 Ss   Thu Nov 26 08:04:06 2026',
      '   20    10    19 R+   Thu Nov 26 09:04:06 2026    ',
      '   21    10    19 Z    Thu Nov 26 09:04:06 2026',
      '   22    10    19 X    Thu Nov 26 09:04:06 2026',
      '   23    10    19 SZ   Thu Nov 26 09:04:06 2026',
      '',
    ];
    const calls: unknown[] = [];
    const changes: object = {
      execFileSync: (...call: readonly unknown[]) => {
        calls.push(call);
        return output.join('\n');
      },
    };
    replace(childProcess, changes);
    expect(listProcesses()).toEqual([
      { pid: 1, parent: 0, group: 1, started: 'Thu Nov 26 08:04:06 2026' },
      { pid: 20, parent: 10, group: 19, started: 'Thu Nov 26 09:04:06 2026' },
      { pid: 23, parent: 10, group: 19, started: 'Thu Nov 26 09:04:06 2026' },
    ]);
    // Not one that PATH leads to: these processes may be signalled.
    expect(calls).toEqual([
      ['/bin/ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='], expect.objectContaining({ timeout: 5000 })],
    ]);
  });
});
