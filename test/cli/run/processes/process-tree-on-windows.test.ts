import childProcess, { ChildProcess } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { treeOf } from '../../../../src/cli/run/processes/process-tree-on-windows.js';
import { replace } from '../../../../support/replace.js';

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
