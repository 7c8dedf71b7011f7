import { type ChildProcess, spawn } from 'node:child_process';
import type { Onlooker } from '../probes/probe-types.js';
import type { Command, Message } from './program.js';
import { PROGRAM_TEXT } from './program-text.js';

/** A variable that is set for helpers. */
const MARK = 'LIVINGLOCK_HELPER';

/** A machine under load takes seconds to start some dozens of processes at once; within this many milliseconds it has started them. */
const START_TIMEOUT = 60_000;
/** A process that does not answer within this many milliseconds hangs in a call to the file system. */
const ANSWER_TIMEOUT = 30_000;
/** A watcher gives up after this many milliseconds without a newer version. */
const WATCH_TIMEOUT = 5000;
/** A process is given up this many milliseconds after SIGKILL: it may be in a call that the kernel does not interrupt. */
const DEATH_TIMEOUT = 5000;

/**
 * Throws where the executable of this process does not run what it is given, as Node does. It would start the whole program again, which would start
 * helpers in its turn, and so on without end.
 */
export function refuseWithoutNode(): void {
  const isSingle = 'pkg' in process || process.getBuiltinModule('node:sea')?.isSea() === true;
  if (!isSingle && process.env[MARK] === undefined) return;
  throw new Error(
    'verifyFileSystem needs Node for its helper processes, and this program is an executable of its own: run `npx livinglock verify FOLDER` instead.',
  );
}

/** All processes that one verification has started. None of them outlives it. */
export class Crew {
  readonly #helpers = new Set<Helper>();
  #isDismissed = false;

  /** Starts a helper. Resolves once it is ready. */
  async hire(): Promise<Helper> {
    const helper = new Helper();
    this.#helpers.add(helper);
    void helper.ended.then(() => this.#helpers.delete(helper));
    if (this.#isDismissed) helper.kill();
    await helper.next('ready');
    return helper;
  }

  /** Ends all helpers, including those about to start. Resolves when they are gone. */
  async dismiss(): Promise<void> {
    this.killAll();
    await within(DEATH_TIMEOUT, Promise.all([...this.#helpers].map(({ ended }) => ended)));
  }

  /** Same, without waiting: for the exit of the process. */
  killAll(): void {
    this.#isDismissed = true;
    for (const helper of this.#helpers) helper.kill();
  }
}

/** A running helper, as seen by the process that started it. */
export class Helper {
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and all its messages have been received. */
  readonly ended: Promise<void>;

  /** Starts a process. It can be used once it has reported that it is ready. */
  constructor() {
    // Without the parent's own arguments for Node, which may name a debugger's port.
    this.#child = spawn(process.execPath, ['--input-type=commonjs', '-'], {
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
      // The executable of Electron is Node only if it is told so.
      env: { ...process.env, [MARK]: '1', ELECTRON_RUN_AS_NODE: '1' },
    });
    // If it ends before it has read its program, its `ended` tells.
    this.#child.stdin?.on('error', () => {}).end(PROGRAM_TEXT);
    this.ended = new Promise((resolve) => {
      // Not `exit`, after which messages may still arrive.
      this.#child.once('close', () => resolve());
      // It could not be started at all.
      this.#child.on('error', () => resolve());
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  tell(command: Command): void {
    // If the process has ended meanwhile, its `ended` tells.
    this.#child.send(command, () => {});
  }

  onMessage(listener: (message: Message) => void): void {
    this.#child.on('message', (message) => {
      if (isMessage(message)) listener(message);
    });
  }

  /** The next message of this kind. Rejects if the process ends or hangs. */
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
      const limit = kind === 'ready' ? START_TIMEOUT : ANSWER_TIMEOUT;
      const timeout = setTimeout(() => {
        settle(() => reject(notAnswering(`no answer from another process within ${limit / 1000} seconds`)));
      }, limit);
      this.#child.on('message', onMessage);
      void this.ended.then(() => settle(() => reject(notAnswering('the other process has ended'))));
    });
  }

  /** SIGKILL; see {@link ended} for when it is gone. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Makes a helper read files. */
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
      // If the process ends, the caller that awaits the beginning is told first.
      end.catch(() => {});
      helper.tell({ do: 'watch', path, last, timeout: WATCH_TIMEOUT });
      await begun;
      return { end };
    },
  };
}

/** Waits for a promise, but not forever. Returns whether it resolved. */
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

/** As a system error, because it is the file system that keeps a process from answering. */
function notAnswering(what: string): Error {
  return Object.assign(new Error(`ETIMEDOUT: ${what}`), { code: 'ETIMEDOUT', syscall: 'read' });
}
