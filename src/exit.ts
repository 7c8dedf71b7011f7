import { onExit } from 'signal-exit';

const releases = new Set<() => void>();
let stopListening: (() => void) | undefined;

/**
 * Calls the function when the process ends, normally, by an exception or by a signal; not after SIGKILL. Gives a function
 * that takes it back. Listens to signals only while there is something to call.
 */
export function callOnExit(release: () => void): () => void {
  releases.add(release);
  stopListening ??= onExit(() => {
    for (const call of releases) call();
  });
  return () => {
    releases.delete(release);
    if (releases.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  };
}
