import type { Awaitable } from '../store.js';

/** An operation that calls wait for, until it settles or somebody settles it for them. */
export class Pending<T> {
  readonly promise: Promise<T>;
  readonly settle: (instead: Promise<T>) => void;

  constructor(operation: Promise<T>) {
    let settle: (instead: Promise<T>) => void = () => {};
    const settled = new Promise<T>((resolve) => {
      settle = resolve;
    });
    this.settle = settle;
    this.promise = Promise.race([operation, settled]);
  }
}

/** Also a promise of another realm, or one that a driver has made itself. */
export function isPromise<T>(answer: Awaitable<T>): answer is Promise<T> {
  const isObject = (typeof answer === 'object' && answer !== null) || typeof answer === 'function';
  return isObject && 'then' in answer && typeof answer.then === 'function';
}

/** Synchronously if the store answers synchronously: in a loop that never yields, no promise would ever be resolved. */
export function answerTo<T, Result>(
  operate: () => Awaitable<T>,
  done: (answer: T) => Promise<Result>,
  failed: (error: unknown) => Promise<Result>,
): Promise<Result> | Pending<Result> {
  try {
    const answer = operate();
    return isPromise(answer) ? new Pending(Promise.resolve(answer).then(done, failed)) : done(answer);
  } catch (error) {
    return failed(error);
  }
}
