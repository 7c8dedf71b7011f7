import { access } from 'node:fs';

/**
 * Starts the threads that write files and resolve host names. libuv starts them with the first such call, and aborts the process if the system
 * allows no more (RLIMIT_NPROC): better now than while a command is at work.
 */
export function startThreads(): Promise<void> {
  return new Promise((resolve) => {
    access('/', () => resolve());
  });
}
