import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Onlooker } from '../probes/probe.js';
import type { Command, Message } from './program.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

/** A process that does not answer within so many milliseconds hangs in a call to the file system. */
const ANSWER_TIMEOUT = 15_000;
/** A watcher gives up after so many milliseconds without a newer version. */
const WATCH_TIMEOUT = 5000;
/** So many milliseconds after SIGKILL a process is given up; it may be in a call that the kernel does not interrupt. */
const DEATH_TIMEOUT = 5000;

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
    await within(DEATH_TIMEOUT, Promise.all([...this.#helpers].map(({ ended }) => ended)));
  }

  /** The same, without waiting: for the exit of the process. */
  killAll(): void {
    this.#isDismissed = true;
    for (const helper of this.#helpers) helper.kill();
  }
}

/** A running helper, from the side of the process that has started it. */
export class Helper {
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and all that it had said was heard. */
  readonly ended: Promise<void>;

  /** Starts a process; it is of use once it has said that it is ready. */
  constructor() {
    // Not the parent's own arguments for Node, which may name a debugger's port.
    this.#child = fork(PROGRAM, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.ended = new Promise((resolve) => {
      // Not `exit`, after which there may still be a message to come.
      this.#child.once('close', () => resolve());
      // It could not be started at all.
      this.#child.on('error', () => resolve());
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  tell(command: Command): void {
    // Should it have ended meanwhile, that is seen elsewhere.
    this.#child.send(command, () => {});
  }

  onMessage(listener: (message: Message) => void): void {
    this.#child.on('message', (message) => {
      if (isMessage(message)) listener(message);
    });
  }

  /** The next message of that kind. Rejects if the process ends, or hangs. */
  next<Kind extends Message['says']>(kind: Kind): Promise<Extract<Message, { readonly says: Kind }>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timeout);
        this.#child.off('message', onMessage);
        act();
      };
      const onMessage = (message: unknown) => {
        if (isMessage(message) && isOf(kind, message)) settle(() => resolve(message));
      };
      const timeout = setTimeout(() => {
        settle(() =>
          reject(notAnswering(`no answer from another process within ${ANSWER_TIMEOUT / 1000} seconds`)),
        );
      }, ANSWER_TIMEOUT);
      this.#child.on('message', onMessage);
      void this.ended.then(() => settle(() => reject(notAnswering('the other process has ended'))));
    });
  }

  /** SIGKILL; see {@link ended} for when it is gone. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Makes a helper look at files. */
export function onlooker(helper: Helper): Onlooker {
  return {
    async look(path) {
      const answer = helper.next('saw');
      helper.tell({ do: 'look', path });
      return (await answer).sight;
    },

    async watch(path, last) {
      const begun = helper.next('watching');
      const end = helper.next('watched').then(({ sightings }) => sightings);
      // Whoever waits for the beginning hears of it first if the process ends.
      end.catch(() => {});
      helper.tell({ do: 'watch', path, last, timeout: WATCH_TIMEOUT });
      await begun;
      return { end };
    },
  };
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

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'says' in message;
}

function isOf<Kind extends Message['says']>(
  kind: Kind,
  message: Message,
): message is Extract<Message, { readonly says: Kind }> {
  return message.says === kind;
}

/** As a system error, since it is the file system that keeps a process from answering. */
function notAnswering(what: string): Error {
  return Object.assign(new Error(`ETIMEDOUT: ${what}`), { code: 'ETIMEDOUT', syscall: 'read' });
}
