import { readlinkSync } from 'node:fs';
import { attempt } from './attempt.js';

/** The number of this thread, 0 for the main one, as in `node:worker_threads`. Loading that module takes longer than acquiring a lock. */
export const threadId = isMainThread() ? 0 : process.getBuiltinModule('node:worker_threads').threadId;

/** On Linux the main thread's ID is the PID (proc_thread-self(5)). */
function isMainThread(): boolean {
  if (process.platform !== 'linux') return false;
  const [pid, , thread] = attempt(() => readlinkSync('/proc/thread-self'), '').split('/');
  return thread !== undefined && thread === pid;
}
