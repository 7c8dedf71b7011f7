import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Command, isMessage, type Message } from './messages.js';

/** A process that does not answer within so many milliseconds hangs in a call to the file system. */
const TIMEOUT = 15_000;

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

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
        settle(() => reject(notAnswering(`no answer from another process within ${TIMEOUT / 1000} seconds`)));
      }, TIMEOUT);
      this.#child.on('message', onMessage);
      void this.ended.then(() => settle(() => reject(notAnswering('the other process has ended'))));
    });
  }

  /** SIGKILL; see {@link ended} for when it is gone. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
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
