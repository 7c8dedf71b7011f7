interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const listeners = new WeakMap<AbortSignal, Listening>();

/**
 * Calls the function when the signal aborts, until the returned function is called. All callers share one listener, because Node warns of a leak if
 * one signal has more than ten: a program may acquire many locks at a time that one signal ends.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listening = listeners.get(signal) ?? listenTo(signal);
  const { callbacks, listener } = listening;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || listeners.get(signal) !== listening) return;
    signal.removeEventListener('abort', listener);
    listeners.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of callbacks) callback();
  };
  const listening = { callbacks, listener };
  listeners.set(signal, listening);
  signal.addEventListener('abort', listener, { once: true });
  return listening;
}
