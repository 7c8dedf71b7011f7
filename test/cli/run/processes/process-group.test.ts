import childProcess, { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { groupOf, sharedGroup, treeOf } from '../../../../src/cli/run/processes/process-group.js';
import type { InheritedSocket } from '../../../../src/cli/run/sign/inherited-socket.js';
import { pretend, replace } from '../../../../support/replace.js';
import { poll } from '../../../../support/running.js';
import { FakeProc, NAMESPACE, OWN_GROUP } from '../fake-proc.js';

const NAME = 'livinglock/6c1f7c3e-0a7e-4f7e-9a53-0d5b3f6f0c11';
const SOCKET: InheritedSocket = {
  name: `${NAMESPACE} ${NAME} 77`,
  descriptor: 20,
  inode: 77n,
  close: () => {},
  renew: async () => {},
};

/** A command with this PID that was started, or has ended. */
function command(
  pid: number | undefined,
  { exitCode = null, signalCode = null }: Partial<ChildProcess> = {},
) {
  return Object.assign(new ChildProcess(), { pid, exitCode, signalCode });
}

afterEach(() => void vi.restoreAllMocks());

describe('a group shared with this process, on Linux', () => {
  const others = { socket: SOCKET, token: 'token-1' };

  it('is the command, its descendants, and orphans that have its socket or its token', () => {
    const proc = new FakeProc();
    const group = sharedGroup(others)(command(20));
    proc.add(20, { parent: process.pid });
    proc.add(21, { parent: 20 });
    proc.add(22, { parent: 1, sockets: [5, 77] });
    proc.add(23, { parent: 1, environment: ['A=1', 'LIVINGLOCK_TOKEN=token-1'] });
    expect(group.named).toEqual([20]);
    expect(group.survivors()).toEqual([20, 21, 22, 23]);
    group.signal('SIGTERM');
    expect(proc.signals).toEqual(['SIGTERM 20', 'SIGTERM 21', 'SIGTERM 22', 'SIGTERM 23']);
    expect(group.isGone()).toBe(false);
  });

  it('is nobody else: other jobs of the shell, daemons, processes of others', () => {
    const proc = new FakeProc();
    const group = sharedGroup(others)(command(20, { exitCode: 0 }));
    proc.add(30, { parent: 1 });
    proc.add(31, { parent: process.pid, group: 31 });
    proc.add(32, { parent: 1, group: 32, sockets: [77] });
    proc.add(33, { parent: 1, environment: null });
    proc.add(34, { parent: 1, environment: ['LIVINGLOCK_TOKEN=token-10'], sockets: [7] });
    // They are one another's parents for a moment, since the list is not read at once.
    proc.add(35, { parent: 36 });
    proc.add(36, { parent: 35 });
    expect(group.named).toEqual([]);
    expect(group.survivors()).toEqual([]);
    group.signal('SIGKILL');
    expect(proc.signals).toEqual([]);
    expect(group.isGone()).toBe(true);
  });

  it('has no orphans without a socket and a token', () => {
    const proc = new FakeProc();
    const group = sharedGroup({ socket: null, token: '' })(command(20, { signalCode: 'SIGKILL' }));
    proc.add(22, { parent: 1, sockets: [77], environment: ['LIVINGLOCK_TOKEN='] });
    expect(group.survivors()).toEqual([]);
    expect(group.isGone()).toBe(true);
  });

  it('has the command even if it is hidden', () => {
    new FakeProc();
    expect(sharedGroup(others)(command(20)).survivors()).toEqual([20]);
    expect(sharedGroup(others)(command(undefined)).survivors()).toEqual([]);
  });

  it('cannot be listed from another namespace', () => {
    const proc = new FakeProc();
    proc.links.set('/proc/self', '1');
    proc.add(21, { parent: process.pid });
    expect(sharedGroup(others)(command(20, { exitCode: 0 })).survivors()).toEqual([]);
  });

  describe('is not gone as long as somebody may have the socket open', () => {
    function groupWithSocket(proc: FakeProc) {
      const unix = `Num RefCount Protocol Flags Type St Inode Path\n0: 2 0 1 1 1 77 @${NAME}@@\n`;
      proc.files.set('/proc/self/net/unix', unix);
      return sharedGroup(others)(command(20, { exitCode: 0 }));
    }

    it('who cannot be seen', () => {
      expect(groupWithSocket(new FakeProc()).isGone()).toBe(false);
    });

    it('who is in this group', () => {
      const proc = new FakeProc();
      const group = groupWithSocket(proc);
      proc.add(process.pid, { group: OWN_GROUP, sockets: [77] });
      proc.add(32, { group: 32, sockets: [77] });
      expect(group.isGone()).toBe(false);
    });

    it('other than daemons', () => {
      const proc = new FakeProc();
      const group = groupWithSocket(proc);
      proc.add(32, { group: 32, sockets: [77] });
      expect(group.isGone()).toBe(true);
      // A zombie is not listed, so its group is unknown.
      proc.add(33, { group: 33, sockets: [77], state: 'Z' });
      expect(group.isGone()).toBe(false);
    });
  });
});

describe('a group shared with this process, on other systems', () => {
  /** PID, parent, group, and when it began. */
  type Row = readonly [pid: number, parent: number, group: number, started?: string];

  function listing(rows: () => readonly Row[]): void {
    pretend('darwin');
    const line = ([pid, parent, group, started = 'now']: Row) => `${pid} ${parent} ${group} S ${started}`;
    const changes: object = { execFileSync: () => rows().map(line).join('\n') };
    replace(childProcess, changes);
  }

  it('has orphans that did not exist before', () => {
    let rows: readonly Row[] = [
      [1, 0, 1],
      [process.pid, 9, OWN_GROUP],
      [9, 1, 9],
      [40, 1, OWN_GROUP, 'before'],
      [41, 1, OWN_GROUP, 'before'],
    ];
    listing(() => rows);
    const shared = sharedGroup({ socket: null, token: 'token-1' });
    rows = [
      ...rows.slice(0, 4),
      // The same PID, another process.
      [41, 1, OWN_GROUP, 'after'],
      [20, process.pid, OWN_GROUP],
      [42, 1, OWN_GROUP],
      [43, 42, OWN_GROUP],
      // A child of a process that existed before, and a daemon.
      [44, 40, OWN_GROUP],
      [45, 1, 45],
      [46, 9, OWN_GROUP],
    ];
    const group = shared(command(20));
    expect(group.survivors()).toEqual([20, 41, 42, 43]);
  });
});

describe.skipIf(process.platform === 'win32')('a group of its own', () => {
  async function started(script: string) {
    const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'close');
    const pid = child.pid ?? 0;
    onTestFinished(async () => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
      await ended;
    });
    return { child, pid, group: groupOf(pid), exited: once(child, 'exit') };
  }

  it('is there until its last process is gone, and gets signals as a whole', async () => {
    const { child, pid, group, exited } = await started('sleep 1000 & echo; exit 0');
    await Promise.all([once(child.stdout, 'data'), exited]);
    expect(group.named).toEqual([{ group: pid }]);
    expect(group.survivors()).toEqual([{ group: pid }]);
    expect(group.isGone()).toBe(false);
    group.signal('SIGKILL');
    await poll('The group is still there', () => group.isGone());
    expect(group.survivors()).toEqual([]);
    const kill = vi.spyOn(process, 'kill');
    group.signal('SIGTERM');
    expect(kill).not.toHaveBeenCalledWith(-pid, 'SIGTERM');
  });
});

describe('a tree of processes, on Windows', () => {
  /** A command with PID 20, where taskkill exits with this status. */
  function tree(status: number | null) {
    const calls: unknown[] = [];
    const changes: object = {
      spawnSync(...call: readonly unknown[]) {
        calls.push(call);
        return { status };
      },
    };
    replace(childProcess, changes);
    const root = new ChildProcess();
    const kill = vi.spyOn(root, 'kill').mockReturnValue(true);
    return { root, calls, kill, tree: treeOf(root, 20) };
  }

  it('is ended as a whole, by the program of the system', () => {
    const { tree: group, calls, kill } = tree(0);
    expect(group.named).toEqual([20]);
    group.signal('SIGTERM');
    expect(calls).toEqual([
      [
        expect.stringMatching(/^.:\\\w+\\System32\\taskkill\.exe$/i),
        ['/pid', '20', '/t', '/f'],
        expect.anything(),
      ],
    ]);
    group.signal('SIGCONT');
    expect(calls).toHaveLength(1);
    expect(kill).not.toHaveBeenCalled();
  });

  it.each([1, null])('is ended at its root if that fails (status %s)', (status) => {
    const { tree: group, kill } = tree(status);
    group.signal('SIGTERM');
    expect(kill).toHaveBeenCalledOnce();
  });

  it('is gone with its root, whoever gets its PID', () => {
    const { root, tree: group, calls } = tree(0);
    expect([group.survivors(), group.isGone()]).toEqual([[20], false]);
    Object.assign(root, { exitCode: 0 });
    expect([group.survivors(), group.isGone()]).toEqual([[], true]);
    group.signal('SIGKILL');
    expect(calls).toEqual([]);
  });
});
