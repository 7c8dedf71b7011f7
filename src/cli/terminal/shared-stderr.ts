import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { attempt } from '../../system/attempt.js';
import { isBun, isDeno } from '../../system/runtime.js';
import { writeToStderr } from './messages.js';

let stderr: Writable | undefined;
let isExiting = false;

/**
 * Replaces `process.stderr` for as long as this process lives. Node creates that stream whenever it destroys a socket (`Socket.prototype._destroy`), and
 * the stream makes a pipe non-blocking for all who share it: a command that writes much would get EAGAIN, and lose output.
 */
export function shareStderr(): void {
  // They do not, and to define the property would create the stream.
  if (isBun || isDeno) return;
  process.once('exit', () => {
    isExiting = true;
  });
  Object.defineProperty(process, 'stderr', { configurable: true, get: () => (stderr ??= makeStderr()) });
}

function makeStderr(): Writable {
  const { Writable } = process.getBuiltinModule('node:stream');
  return new Writable({
    write(chunk, _encoding, written) {
      // When the process exits, there is no later, and perhaps nobody who reads it fast enough.
      if (isExiting) attempt(() => writeSync(2, chunk), undefined);
      else writeToStderr(chunk);
      written();
    },
  });
}
