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

/** `kill(pid, signal)`. Throws the system's error. */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  process.kill(pid, signal);
}
