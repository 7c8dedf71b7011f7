import { systemCode } from '../system-code.js';

/** Asks the kernel whether a process exists, with `kill(pid, 0)`, which sends nothing. */
export function processExists(pid: number): 'yes' | 'no' | 'forbidden' {
  try {
    process.kill(pid, 0);
    return 'yes';
  } catch (error) {
    switch (systemCode(error)) {
      case 'ESRCH':
        return 'no';
      case 'EPERM':
      case 'EACCES': // from SELinux and AppArmor
        return 'forbidden';
      default:
        throw error;
    }
  }
}

/**
 * The PIDs of this process's ancestors, its parent first, as far as `parentOf` knows them. The parent itself is always
 * known. 0 is not a process, but stands for the parent of the first one.
 */
export function ancestorsBy(parentOf: (pid: number) => number | undefined): readonly number[] {
  const ancestors = new Set<number>();
  let pid: number | undefined = process.ppid;
  // On systems that reuse the PIDs of ended parents, such as Windows, the chain may be a circle.
  while (pid !== undefined && pid > 0 && !ancestors.has(pid)) {
    ancestors.add(pid);
    pid = parentOf(pid);
  }
  return [...ancestors];
}
