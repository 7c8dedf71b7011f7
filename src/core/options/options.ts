import { DEFAULT_STALE_TIMEOUT } from '../assess/judge.js';
import type { Store } from '../store.js';
import { checkDependencies, type Dependencies, type DependencyOptions } from './dependencies.js';
import type { Duration } from './duration.js';
import { boolean, duration, finite, longDuration, methods, refuseUnknown, show, text } from './validate.js';

/** Options for acquiring a lock. */
export interface AcquireOptions {
  /**
   * A holder that has sent no heartbeat for longer than this counts as stalled, and can be taken over even though its
   * process is alive. Choose a multiple of the longest time between two checkpoints. `Infinity`: never; the existence of the process is
   * proof enough. If holder and contender differ, the longer timeout counts. If there is no contender, nothing happens to a stalled
   * holder: its next heartbeat renews the lock.
   *
   * If nobody can see whether the holder exists (on another machine, or in a container without a sign of life), `Infinity` counts as an
   * hour, so a holder there has to send heartbeats more often than that. For a PID file, or one of the Go package, any longer timeout counts as an hour there.
   *
   * A number below 1,000 is refused, because it is probably meant as seconds: write `'30s'` or `'30ms'`. With another clock
   * (`dependencies.clock`) it is accepted.
   *
   * Default: `'1h'`.
   */
  readonly staleTimeout?: Duration | undefined;
  /**
   * A call of `heartBeat()` this soon after the last heartbeat written is only remembered, and written later, so it can be called in
   * the innermost loop. `0` writes each time. Must be shorter than `staleTimeout`.
   *
   * Default: `'1m'`, or half of `staleTimeout` if that is a minute or less.
   */
  readonly heartbeatMinimalInterval?: Duration | undefined;
  /**
   * How long to keep trying while the lock is busy. `Infinity`: until it is free.
   *
   * It also limits how long to wait for a store that does not answer: then `acquire` rejects with an `ErrLockStore` of the code
   * `ETIMEDOUT`. Only a stalled holder that is being ended (`terminateStalled`) is still awaited.
   *
   * Default: `0`, reject with `ErrLockBusy` at once; a store that does not answer is awaited for as long as the store itself allows (`commandTimeout`).
   */
  readonly wait?: Duration | undefined;
  /**
   * Ends the call at once, whatever it is waiting for, even for a store that never answers: `acquire` rejects with the signal's reason. If the
   * store carries out a claim afterwards, the lock is released again. Has no effect once the lock is held: to end the work, pass a signal
   * to the work too.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The minimum time the lock stays held, counted from the acquisition, even if it is released earlier. Use it when several servers, whose clocks
   * differ, start an hourly job that takes a second: then only one of them runs the job. Choose a time well below the time between two runs. A holder
   * that dies, or loses the lock, is still replaced. (`lockAtLeastFor` in ShedLock.) A number from 1 to 999 is refused, as for `staleTimeout`.
   *
   * Default: `0`, a released lock is free.
   */
  readonly holdAtLeast?: Duration | undefined;
  /**
   * A stable name for this contender, such as `'server-1'`; shown to anyone who finds the lock busy. After a restart of its machine
   * or container, the owner gets its own lock back at once, even where others have to wait for `staleTimeout` because they
   * cannot know that its process is gone.
   *
   * Safe only if at most one machine or container with that name and host name runs at a time, and starts again only after it
   * has ended. The lock stays busy while the earlier process may still be alive: if it is in the
   * process table, if it has sent a heartbeat since this machine or container was started, if it ran on another host, if only one of the two runs in a container, or if the host is called `localhost`.
   *
   * Default: none.
   */
  readonly owner?: string | undefined;
  /**
   * Reacquires a lock that the same `owner` has released and that `holdAtLeast` still keeps held; all others have to wait. So one
   * server stays in charge as long as it returns in time. Needs an `owner` that no other server has; throws a `TypeError` without one.
   *
   * The hold counts from the new acquisition: choose `holdAtLeast` longer than the time between two starts. Without it the lock is free
   * after its release. This never replaces a holder that is at work, and a holder that dies before its release leaves the lock to anyone.
   *
   * Default: `false`, the owner waits like everyone else.
   */
  readonly sticky?: boolean | undefined;
  /**
   * Ends a stalled holder (SIGTERM, then SIGKILL) before taking over, and does not take over if that fails. Without this option the old holder lives
   * on and learns of the takeover at its next heartbeat.
   *
   * A process is ended only if the user who wrote the record could have ended it: the lock file belongs to root, to the contender's own
   * user, or to the user of that process. With other stores it must be a process of the contender's own user. PID 1, the
   * contender itself and its ancestors are never ended.
   *
   * Default: `false`.
   */
  readonly terminateStalled?: boolean | undefined;
  /**
   * The time between SIGTERM and SIGKILL with `terminateStalled`. A number from 1 to 999 is refused, as for `staleTimeout`.
   *
   * Default: `'5s'`.
   */
  readonly terminationGrace?: Duration | undefined;
  /**
   * What runs under the lock, shown to anyone who finds it busy. Cut to 512 bytes. Everyone who can read the lock can read it: if the
   * arguments contain secrets, set the name of the job instead, and they are not stored. An empty string shows nothing.
   *
   * Default: the script's path and its arguments.
   */
  readonly command?: string | undefined;
  /**
   * Where the lock is kept.
   *
   * Default: a file store; the lock's name is then a path.
   */
  readonly store?: Store | undefined;
  /** For tests: another clock or process table. Anything left out defaults to the system's own. */
  readonly dependencies?: DependencyOptions | undefined;
}

/** The store if the options name none. `core` itself knows no store. */
export interface DefaultStore extends Pick<Store, 'resolve'> {
  open(dependencies: Dependencies): Promise<Store>;
}

/** Checked options, with defaults filled in and durations in milliseconds. */
export type Settings = Readonly<ReturnType<typeof readOptions>>;

const MINUTE = 60_000;

/**
 * Checks options and fills in the defaults. Throws a `TypeError` or `RangeError` that names the option and the value,
 * also for an unknown option, because a misspelt timeout would otherwise mean no timeout at all.
 */
export function readOptions(options: AcquireOptions) {
  refuseUnknown(options, OPTION_NAMES);
  const staleTimeout = readStaleTimeout(options);
  const long = lengthReader(options);
  const heartbeatMinimalInterval = duration(
    'heartbeatMinimalInterval',
    options.heartbeatMinimalInterval ?? usualInterval(staleTimeout),
  );
  finite('heartbeatMinimalInterval', heartbeatMinimalInterval);
  if (heartbeatMinimalInterval >= staleTimeout) {
    throw new RangeError(
      `The option \`heartbeatMinimalInterval\` (${heartbeatMinimalInterval} ms) must be shorter than ` +
        `\`staleTimeout\` (${staleTimeout} ms), or every holder would look stalled between two heartbeats.`,
    );
  }
  return {
    staleTimeout,
    heartbeatMinimalInterval,
    wait: duration('wait', options.wait ?? 0),
    signal: readSignal(options.signal),
    holdAtLeast: finite('holdAtLeast', long('holdAtLeast', options.holdAtLeast ?? 0)),
    owner: readOwner(options.owner),
    sticky: readSticky(options),
    terminateStalled: boolean('terminateStalled', options.terminateStalled ?? false),
    terminationGrace: long('terminationGrace', options.terminationGrace ?? 5000),
    command: text('command', options.command),
    store: store(options.store),
    dependencies: dependencies(options.dependencies),
  };
}

/** The default of `heartbeatMinimalInterval`, in milliseconds. */
export function usualInterval(staleTimeout: number): number {
  return staleTimeout > MINUTE ? MINUTE : staleTimeout / 2;
}

const OPTION_NAMES: readonly (keyof AcquireOptions)[] = [
  'staleTimeout',
  'heartbeatMinimalInterval',
  'wait',
  'signal',
  'holdAtLeast',
  'owner',
  'sticky',
  'terminateStalled',
  'terminationGrace',
  'command',
  'store',
  'dependencies',
];

export function readStaleTimeout(options: Pick<AcquireOptions, 'staleTimeout' | 'dependencies'>): number {
  const value = options.staleTimeout ?? DEFAULT_STALE_TIMEOUT;
  const staleTimeout = lengthReader(options)('staleTimeout', value);
  if (staleTimeout > 0) return staleTimeout;
  throw new RangeError(`The option \`staleTimeout\` must be more than 0, but is ${show(value)}.`);
}

/** A test with a clock of its own lets a few milliseconds pass, and means them. */
function lengthReader({ dependencies }: Pick<AcquireOptions, 'dependencies'>): typeof duration {
  return dependencies?.clock === undefined ? longDuration : duration;
}

export function readSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return methods('signal', signal, ['addEventListener', 'removeEventListener', 'throwIfAborted']);
}

function readSticky({ sticky, owner }: AcquireOptions): boolean {
  const isSticky = boolean('sticky', sticky ?? false);
  if (!isSticky || owner !== undefined) return isSticky;
  throw new TypeError(
    'The option `sticky` needs the option `owner`: a contender recognizes its own lock by that name.',
  );
}

/** In bytes. */
const LONGEST_OWNER = 64;

/** A name that a database would cut or change is refused, because two names could then become the same. */
export function readOwner(value: unknown): string | null {
  const owner = text('owner', value);
  if (owner === undefined) return null;
  if (owner === '' || /[\p{Cc}\p{Surrogate}]/u.test(owner) || Buffer.byteLength(owner) > LONGEST_OWNER) {
    throw new TypeError(
      `The option \`owner\` must have 1 to ${LONGEST_OWNER} bytes and no control characters, but is ${JSON.stringify(owner)}.`,
    );
  }
  return owner;
}

export function store(value: Store | undefined): Store | undefined {
  return methods('store', value, ['resolve', 'read', 'claim', 'beat', 'remove']);
}

/** All of `dependencies`. */
export const DEPENDENCY_NAMES: readonly (keyof Dependencies)[] = ['clock', 'processes', 'life'];

export function dependencies(value: DependencyOptions | undefined): DependencyOptions | undefined {
  if (value === undefined) return undefined;
  refuseUnknown(value, DEPENDENCY_NAMES, ' of `dependencies`');
  checkDependencies(value, 'dependencies.');
  return value;
}
