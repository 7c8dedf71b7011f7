import { join } from 'node:path';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import { failureOf, type Probe, type Site } from './probe.js';

/** `rename(2)` of a file over another: how a heartbeat, and a takeover, replace the record. */
export const replacement: Probe = {
  check: 'replacement',
  run({ fs, folder }) {
    const path = join(folder, 'lock');
    createFile(fs, path, 'old');
    fs.writeFileAtomicSync(path, 'new');
    if (readSnapshot(fs, path)?.text !== 'new') {
      return unsafe(
        'A file that was renamed over another does not replace it: heartbeats and takeovers would have no effect.',
      );
    }
    const left = fs.readdirSync(folder).filter((name) => name !== 'lock');
    if (left.length > 0) {
      return limited(`Replacing a file (rename) leaves other files behind: ${left.join(', ')}.`);
    }
    const reader = whileOpen(fs, path, () => fs.writeFileAtomicSync(path, 'newest'));
    if (reader !== 'new') {
      return limited(
        `A file cannot be replaced while another process reads it (${reader}): contenders may get errors at the moment of a heartbeat.`,
      );
    }
    return safe(
      'A file that is renamed over another takes its place, and who reads the old one is not disturbed.',
    );
  },
};

/** What someone reads who opened the file before something was done to it, or the code of what went wrong. */
function whileOpen(fs: Site['fs'], path: string, action: () => void): string {
  const descriptor = fs.openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(16);
    let length = 0;
    const failure = failureOf(() => {
      action();
      length = fs.readSync(descriptor, buffer);
    });
    return failure ?? buffer.toString('utf8', 0, length);
  } finally {
    fs.closeSync(descriptor);
  }
}
