import { ErrLockLost, ErrLockStore } from '../errors.js';

/** Who has to know whether an answer was heard. */
export interface BeatListener {
  /** A caller has got this error. */
  told(error: unknown): void;
  /** Whether the job learns of a loss in another way. */
  isInformed(): boolean;
}

/** Calls that wait for the same answer of the store share one promise, because some jobs make millions of them. */
const ANSWERS = new WeakMap<Promise<void>, BeatAnswer>();
/** Losses that were warned of. */
const WARNED = new WeakSet<ErrLockLost>();

/** Not the global one, which may have been replaced by one that cannot be extended. */
const OwnPromise: PromiseConstructor = Object.getPrototypeOf((async () => {})()).constructor;

/**
 * What `heartBeat()` returns: a promise that nobody has to await. If it rejects and nobody waits for it, that is not an unhandled rejection, which
 * would end the process, because the heartbeat may have been sent from a timer. So it has to know whether somebody waits.
 */
export class BeatAnswer extends OwnPromise<void> {
  readonly #listener: BeatListener;
  #isAwaited = false;

  static for(answer: Promise<void>, listener: BeatListener): BeatAnswer {
    const known = ANSWERS.get(answer);
    if (known !== undefined) return known;
    const made = new BeatAnswer(answer, listener);
    ANSWERS.set(answer, made);
    return made;
  }

  /** What is derived from it is an ordinary promise, whose rejection must be handled. */
  static override get [Symbol.species](): PromiseConstructor {
    return OwnPromise;
  }

  private constructor(answer: Promise<void>, listener: BeatListener) {
    super((resolve) => resolve(answer));
    this.#listener = listener;
    super.then(undefined, (error) => {
      // When Node looks for unhandled rejections, too: a caller that waits has said so by then.
      process.nextTick(() => {
        if (!this.#isAwaited) announce(error, listener);
      });
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` and all other methods call it, which shows that somebody waits.
  override then<Value = void, Caught = never>(
    // biome-ignore lint/suspicious/noConfusingVoidType: as in `Promise<void>`.
    onFulfilled?: ((value: void) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Value | Caught> {
    this.#isAwaited = true;
    const told = super.then(undefined, (error: unknown) => {
      this.#listener.told(error);
      throw error;
    });
    return told.then(onFulfilled, onRejected);
  }
}

/** After an error of the store the next heartbeat tries again, and if none succeeds, the lock is lost. */
function announce(error: unknown, listener: BeatListener): void {
  if (error instanceof ErrLockLost) warn(error, listener);
  // A bug, such as in a store: nobody else would hear of it.
  else if (!(error instanceof ErrLockStore)) void Promise.reject(error);
}

function warn(loss: ErrLockLost, listener: BeatListener): void {
  if (WARNED.has(loss) || listener.isInformed()) return;
  WARNED.add(loss);
  const advice =
    'Nobody awaited the heartbeat that found this out: await `heartBeat()`, or use `lock.signal`.';
  process.emitWarning(`${loss.message} ${advice}`, { type: 'LivingLockWarning', code: 'LIVINGLOCK_LOST' });
}
