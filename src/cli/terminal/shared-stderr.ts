import type { Writable } from 'node:stream';
import { isBun, isDeno } from '../../system/runtime.js';
import { writeWithoutBlocking } from './write-all.js';

let stderr: Writable | undefined;

/**
 * Replaces `process.stderr` for as long as this process lives. Node creates that stream whenever it destroys a socket (`Socket.prototype._destroy`), and
 * the stream makes a pipe non-blocking for all who share it: a command that writes much would get EAGAIN, and lose output.
 */
export function shareStderr(): void {
  // They do not, and to define the property would create the stream.
  if (isBun || isDeno) return;
  Object.defineProperty(process, 'stderr', { configurable: true, get: () => (stderr ??= makeStderr()) });
}

function makeStderr(): Writable {
  const { Writable } = process.getBuiltinModule('node:stream');
  return new Writable({
    write(chunk, _encoding, written) {
      writeWithoutBlocking(2, chunk).then(() => written(), written);
    },
  }).on('error', () => {});
}
