import { type Dependencies, withSystemDefaults } from '../options/dependencies.js';
import type { DefaultStore, Settings } from '../options/options.js';
import type { Store } from '../store.js';
import { CallLimit, type Reader } from './call-limit.js';

/** One call of `acquire`, `inspect` or `breakLock`: what it acts on, and what ends it. */
export interface StoreCall extends Dependencies {
  /** The lock's canonical name. */
  readonly name: string;
  readonly store: Store;
  /** Reads from the store, within the limit. */
  readonly reader: Reader;
  readonly limit: CallLimit;
}

/** Makes a call that ends when its signal aborts. */
export async function withCall<T>(
  path: string,
  settings: Pick<Settings, 'signal' | 'store' | 'dependencies'>,
  defaultStore: DefaultStore,
  act: (call: StoreCall) => Promise<T>,
): Promise<T> {
  const { signal } = settings;
  const dependencies = withSystemDefaults(settings.dependencies);
  // Before anything is awaited: the working folder, from which a relative path leads, may change meanwhile.
  const name = (settings.store ?? defaultStore).resolve(path);
  const store = settings.store ?? (await defaultStore.open(dependencies));
  signal?.throwIfAborted();
  const limit = new CallLimit(signal);
  const { clock, processes, life = null } = dependencies;
  try {
    return await act({ name, store, reader: limit.reader(store), limit, clock, processes, life });
  } finally {
    limit.lift();
  }
}
