import { Helper } from './helper.js';

/** So many milliseconds after SIGKILL a process is given up; it may be in a call that the kernel does not interrupt. */
const TIMEOUT = 5000;

/** All processes that one verification has started; none of them outlives it. */
export class Crew {
  readonly #helpers = new Set<Helper>();
  #isDismissed = false;

  /** Starts a helper; resolves once it is ready. */
  async hire(): Promise<Helper> {
    const helper = new Helper();
    this.#helpers.add(helper);
    void helper.ended.then(() => this.#helpers.delete(helper));
    if (this.#isDismissed) helper.kill();
    await helper.next('ready');
    return helper;
  }

  /** Ends all helpers, those too that are about to start; resolves when they are gone. */
  async dismiss(): Promise<void> {
    this.killAll();
    await within(TIMEOUT, Promise.all([...this.#helpers].map(({ ended }) => ended)));
  }

  /** The same for who cannot wait: at the exit of the process. */
  killAll(): void {
    this.#isDismissed = true;
    for (const helper of this.#helpers) helper.kill();
  }
}

/** Waits for something, but not for ever. Gives whether it came. */
export function within(milliseconds: number, event: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timeout = setTimeout(() => resolve(false), milliseconds);
    void event.then(() => {
      clearTimeout(timeout);
      resolve(true);
    });
  });
}
