import type { LockRecord, Outcome, Store } from 'livinglock';

/** Listens to a store at work. */
export interface StoreListener {
  /** A claim is about to be made. */
  onClaim(): void;
  /** This has been written, and is now the lock's record. */
  onWritten(record: LockRecord): void;
}

/** A store that reports what it writes: the record says when the claim was made and the heartbeat sent, to the microsecond. */
export function attentiveStore(store: Store, listener: StoreListener): Store {
  const listen = (outcome: Outcome) => {
    if (outcome.done) listener.onWritten(outcome.record);
    return outcome;
  };
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim(name, claim, over) {
      listener.onClaim();
      const outcome = store.claim(name, claim, over);
      return outcome instanceof Promise ? outcome.then(listen) : listen(outcome);
    },
    beat(name, token, beat) {
      const outcome = store.beat(name, token, beat);
      return outcome instanceof Promise ? outcome.then(listen) : listen(outcome);
    },
    askHolder: async (name, record) => (await store.askHolder?.(name, record)) ?? 'unknown',
    remove: (name, token) => store.remove(name, token),
  };
}
