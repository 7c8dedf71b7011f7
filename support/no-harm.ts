import childProcess from 'node:child_process';
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

// A fault that mutation testing plants may signal any process, remove any folder, or write where a scheduler reads. What this process has started, and the folders that
// livinglock and its tests make, are all that the tests need.

const started = new Set<number>();
const FOLDERS = [tmpdir(), '/tmp', '/dev/shm'].map((parent) => join(parent, 'livinglock-'));

/** Whether a process was started by this one, or by one of those. */
function isOurs(pid: number): boolean {
  for (let each = pid; each > 1; each = parentOf(each)) {
    if (started.has(each)) return true;
  }
  return false;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

const { kill } = process;
process.kill = (pid, signal) => {
  if (signal !== 0 && !isOurs(Math.abs(pid))) throw new Error(`Process ${pid} is not ours.`);
  return kill.call(process, pid, signal);
};

const { spawn } = childProcess;
const { rmSync } = fs;
const spawnAndRemember: object = {
  spawn(...args: Parameters<typeof spawn>) {
    const child = spawn(...args);
    if (child.pid !== undefined) started.add(child.pid);
    return child;
  },
};
Object.assign(childProcess, spawnAndRemember);
fs.rmSync = (path, options) => {
  if (options?.recursive) refuseForeign(path);
  rmSync(path, options);
};

// What installs a job writes and removes files with these. As root it may do so in the folders of the system.
const { writeFile, rename, rm } = fs.promises;
const inOurFolders: object = {
  async writeFile(...args: Parameters<typeof writeFile>) {
    if (typeof args[0] === 'string') refuseForeign(args[0], process.cwd());
    return writeFile(...args);
  },
  async rename(...args: Parameters<typeof rename>) {
    for (const path of args) refuseForeign(path, process.cwd());
    return rename(...args);
  },
  async rm(...args: Parameters<typeof rm>) {
    refuseForeign(args[0], process.cwd());
    return rm(...args);
  },
};
Object.assign(fs.promises, inOurFolders);

function refuseForeign(path: fs.PathLike, ...alsoOurs: readonly string[]): void {
  const full = resolve(String(path));
  if (![...FOLDERS, ...alsoOurs].some((start) => full.startsWith(start))) {
    throw new Error(`${full} is not one of our folders.`);
  }
}
syncBuiltinESMExports();
