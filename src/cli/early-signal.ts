import { constants } from 'node:os';
import { ExitCode } from './errors/exit-codes.js';

/** Ends this process as SIGUSR1 ends any other, where Node would open a port for debuggers. */
export function endEarly(): void {
  process.exit(ExitCode.signal + constants.signals.SIGUSR1);
}
