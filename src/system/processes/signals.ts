import { systemCode } from '../system-code.js';

/** Asks the kernel whether a process exists, by `kill(pid, 0)`, which sends nothing. */
export function processExists(pid: number): 'yes' | 'no' | 'forbidden' {
  try {
    process.kill(pid, 0);
    return 'yes';
  } catch (error) {
    switch (systemCode(error)) {
      case 'ESRCH':
        return 'no';
      case 'EPERM':
      case 'EACCES': // what SELinux and AppArmor say
        return 'forbidden';
      default:
        throw error;
    }
  }
}

/**
 * The PIDs of the processes that have led to this one, its parent first, as far as `parentOf` knows. The parent itself is known
 * always; 0 is no process, but what the first one has for a parent.
 */
export function ancestorsBy(parentOf: (pid: number) => number | undefined): readonly number[] {
  const ancestors = new Set<number>();
  let pid: number | undefined = process.ppid;
  // Where PIDs of parents that have ended are given to others, as on Windows, the line may run in a circle.
  while (pid !== undefined && pid > 0 && !ancestors.has(pid)) {
    ancestors.add(pid);
    pid = parentOf(pid);
  }
  return [...ancestors];
}
