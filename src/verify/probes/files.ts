import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readSnapshot } from '../../stores/file/regular-file.js';
import { type CheckResult, limited, safe, unsafe } from '../file-system-report.js';
import { createFile } from './create-file.js';
import { failureOf, type Probe, type Site } from './probe-types.js';

/** A file's time may differ from the clock by this many milliseconds without consequence; FAT counts in steps of two seconds. */
const TOLERANCE = 2000;

/** What one process can do with files, and learn about them. */
export const fileProbes: readonly Probe[] = [
  /** `rename(2)` of a file over another: replaces the record, for a heartbeat or a takeover. */
  { check: 'replacement', run: replacement },
  /** `open(2)` with `O_NOFOLLOW`: never reads a lock through a symbolic link. */
  { check: 'symbolic-links', run: symbolicLinks },
  /**
   * `readdir(3)`, and names as long as the longest in a guard: a process in the guard identifies itself by the name of a file,
   * which contains percent signs and commas.
   */
  { check: 'names', run: names },
  /**
   * Modification times: they help to tell one version of a record from another. Where a death cannot be seen, they give the age of
   * the guard.
   */
  { check: 'times', run: times },
];

function replacement({ fs, folder }: Site): CheckResult {
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
    if (process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(reader)) {
      return safe(
        `A file cannot be replaced while another process reads it (${reader}). It is tried again for up to 2 seconds.`,
      );
    }
    return limited(
      `A file cannot be replaced while another process reads it (${reader}): contenders may get errors at the moment of a heartbeat.`,
    );
  }
  return safe(
    'A file that is renamed over another takes its place, and readers of the old one are not disturbed.',
  );
}

/** What a process reads that opened the file before it was changed, or the code of the error. */
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

function symbolicLinks({ fs, folder }: Site): CheckResult {
  const target = join(folder, 'target');
  const link = join(folder, 'link');
  createFile(fs, target, 'target');
  // Not one of the store's own calls: others make the links that it refuses.
  const unavailable = failureOf(() => symlinkSync(target, link));
  if (unavailable !== null)
    return safe(`There are no symbolic links here (symlink fails with ${unavailable}).`);
  const failure = failureOf(() => readSnapshot(fs, link));
  return failure === 'ELOOP'
    ? safe('A symbolic link in place of a lock is refused (O_NOFOLLOW).')
    : limited(
        'A symbolic link in place of a lock is followed (O_NOFOLLOW has no effect): anyone who can write to the folder ' +
          'can have a file elsewhere read as a lock.',
      );
}

function names({ fs, folder }: Site): CheckResult {
  const name = `owner,%3A${'n'.repeat(200)}`;
  const path = join(folder, name);
  const failure = failureOf(() => createFile(fs, path, ''));
  if (failure !== null) {
    return limited(
      `A file name of ${name.length} characters is refused (${failure}); livinglock needs names of that length where the host name is long.`,
    );
  }
  if (!fs.readdirSync(folder).includes(name)) {
    return unsafe(
      'A new file is not in the list of its folder (readdir): nobody could see who is in the guard.',
    );
  }
  fs.unlinkSync(path);
  if (fs.readdirSync(folder).includes(name)) {
    return unsafe(
      'A file that was removed stays in the list of its folder (readdir): the guard would seem to be taken forever.',
    );
  }
  return safe('File names may be long, and the list of a folder shows what is there.');
}

async function times({ fs, folder, onlooker, now }: Site): Promise<CheckResult> {
  const path = join(folder, 'file');
  const before = now();
  createFile(fs, path, 'text');
  const after = now();
  const mtimeMs = readSnapshot(fs, path)?.status.mtimeMs;
  if (mtimeMs === undefined) return unsafe('A file that was just written cannot be read.');
  const seen = [readSnapshot(fs, path)?.status.mtimeMs, (await onlooker.look(path)).mtimeMs];
  if (seen.some((time) => time !== mtimeMs)) {
    return limited(
      'The modification time of a file changes although nobody writes to it: a takeover may need several tries.',
    );
  }
  const skew = Math.max(0, mtimeMs - after) - Math.max(0, before - mtimeMs);
  if (Math.abs(skew) > TOLERANCE) {
    return limited(
      `The file server's clock is ${Math.round(Math.abs(skew) / 1000)} seconds ${skew > 0 ? 'ahead of' : 'behind'} this ` +
        "machine's: heartbeats and guards of other machines look younger or older than they are. Synchronize both with NTP.",
    );
  }
  return safe("Files are dated by this machine's clock, or one that agrees with it.");
}
