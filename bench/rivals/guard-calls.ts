import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Rival } from './rival.js';

/** As long as a record. */
const RECORD = 'x'.repeat(450);

/**
 * No lock: only the calls that change the file system when livinglock takes a free lock and releases it. Each of the two makes a folder with a
 * file in it, renames it to the guard's place, and removes both; see `docs/protocol.md`.
 */
export const guardCalls: Rival = {
  kind: 'calls',
  name: 'only the calls that livinglock makes',
  acquire(path) {
    withGuard(path, (own, descriptor) => {
      writeSync(descriptor, RECORD);
      linkSync(own, path);
    });
    return () => withGuard(path, () => unlinkSync(path));
  },
};

function withGuard(path: string, section: (own: string, descriptor: number) => void): void {
  const entrance = join(dirname(path), 'entrance');
  const guard = `${path}.guard`;
  mkdirSync(entrance);
  const descriptor = openSync(join(entrance, 'owner'), 'wx');
  renameSync(entrance, guard);
  section(join(guard, 'owner'), descriptor);
  closeSync(descriptor);
  unlinkSync(join(guard, 'owner'));
  rmdirSync(guard);
}
