import { statSync, writeFileSync } from 'node:fs';
import { INITIAL_PID_NAMESPACE } from '../system/processes/process-identity.js';
import { isExpected, type Life } from '../system/signs-of-life/sign-of-life.js';
import type { FakeMachine, FakeProcess } from './fake-machine.js';

/** The signs of life of one fake process: empty files, of which the fake machine knows who keeps them. */
export function fakeLife(machine: FakeMachine, process: FakeProcess): Life {
  return {
    when: process.identity.pidNamespace === INITIAL_PID_NAMESPACE ? 'holding' : 'entering',
    isMovable: true,
    needsLocalFiles: true,

    keep(path) {
      try {
        writeFileSync(path, '', { flag: 'wx' });
      } catch {
        return null;
      }
      const { ino } = statSync(path);
      machine.signs.set(ino, process);
      return { descriptor: null, close: () => void machine.signs.set(ino, null) };
    },

    async ask(path, expected) {
      const status = statSync(path, { throwIfNoEntry: false });
      if (status === undefined || !isExpected(status, expected)) return 'unknown';
      const keeper = machine.signs.get(status.ino);
      if (keeper === undefined) return 'unknown';
      return keeper !== null && machine.isRunning(keeper) ? 'alive' : 'dead';
    },
  };
}
