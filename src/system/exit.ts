import { onExit } from 'signal-exit';

const releases = new Set<() => void>();
let isListening = false;

/**
 * Calls the function when the process ends, normally, by an exception or by a signal; not after SIGKILL. Gives a function
 * that takes it back.
 *
 * Once it listens to signals it goes on: proper-lockfile does so too from its import on, and to come and go with each lock
 * would be a tenth of what acquire and release cost.
 */
export function callOnExit(release: () => void): () => void {
  releases.add(release);
  if (!isListening) {
    isListening = true;
    onExit(() => {
      for (const call of releases) call();
    });
  }
  return () => {
    releases.delete(release);
  };
}
