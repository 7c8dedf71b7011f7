import { type ChildProcess, spawnSync } from 'node:child_process';
import { systemProgram } from '../../../system/windows-program.js';
import type { ProcessGroup } from './process-group.js';

/** Milliseconds. It takes a few hundred on a busy machine. */
const TASKKILL_TIMEOUT = 5000;

/**
 * A command on Windows, which has neither process groups nor signals: a process can only be ended, together with everything it started (taskkill,
 * `/t`). Judged by its exit and not by its PID, which Windows soon gives to another process.
 */
export function treeOf(root: ChildProcess, pid: number): ProcessGroup {
  const isGone = () => (root.exitCode ?? root.signalCode) !== null;
  return {
    named: [pid],
    signal(signal) {
      if (signal !== 'SIGCONT' && !isGone() && !killTree(pid)) root.kill();
    },
    survivors: () => (isGone() ? [] : [pid]),
    isGone,
  };
}

function killTree(pid: number): boolean {
  const { status } = spawnSync(systemProgram('taskkill.exe'), ['/pid', String(pid), '/t', '/f'], {
    stdio: 'ignore',
    timeout: TASKKILL_TIMEOUT,
    windowsHide: true,
  });
  return status === 0;
}
