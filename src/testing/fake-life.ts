import { statSync, writeFileSync } from 'node:fs';
import { INITIAL_PID_NAMESPACE } from '../system/processes/process-identity.js';
import type { Liveness } from '../system/processes/process-table.js';
import { isExpected, type Life, type Sign, type SignFile } from '../system/signs-of-life/sign-of-life.js';
import type { FakeMachine, FakeProcess } from './fake-machine.js';

/** The signs of life of one fake process: empty files, of which the fake machine knows who keeps them. */
export class FakeLife implements Life {
  readonly isMovable = true;
  readonly needsLocalFiles = true;
  readonly #machine: FakeMachine;
  readonly #process: FakeProcess;

  constructor(machine: FakeMachine, process: FakeProcess) {
    this.#machine = machine;
    this.#process = process;
  }

  get when(): Life['when'] {
    return this.#process.identity.pidNamespace === INITIAL_PID_NAMESPACE ? 'holding' : 'entering';
  }

  keep(path: string): Sign | null {
    try {
      writeFileSync(path, '', { flag: 'wx' });
    } catch {
      return null;
    }
    const { ino } = statSync(path);
    this.#machine.signs.set(ino, this.#process);
    return { descriptor: null, close: () => void this.#machine.signs.set(ino, null) };
  }

  async ask(path: string, expected?: SignFile): Promise<Liveness> {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined || !isExpected(status, expected)) return 'unknown';
    const keeper = this.#machine.signs.get(status.ino);
    if (keeper === undefined) return 'unknown';
    return keeper !== null && this.#machine.isRunning(keeper) ? 'alive' : 'dead';
  }
}
