import { closeSync, openSync } from 'node:fs';

/** Replaces a standard stream of this process by /dev/null. */
export function letGo(descriptor: number): void {
  try {
    closeSync(descriptor);
    // The lowest number that is free, unless another thread has just opened a file under it.
    const opened = openSync('/dev/null', 'r+');
    if (opened !== descriptor) closeSync(opened);
  } catch {
    // There may be no /dev/null in a chroot.
  }
}
