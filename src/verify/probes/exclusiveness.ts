import { join } from 'node:path';
import { isTaken, isWithoutHardLinks } from '../../stores/file/file-error-codes.js';
import { readSnapshot } from '../../stores/file/regular-file.js';
import { systemCode } from '../../system/system-code.js';
import { type CheckResult, limited, safe, unsafe } from '../file-system-report.js';
import { createFile } from './create-file.js';
import { errorOf, failureOf, type Probe, type Site } from './probe-types.js';

/** Calls in which only one process may succeed. */
export const exclusivenessProbes: readonly Probe[] = [
  /** `open(2)` with `O_EXCL`: creates every private file of a contender. */
  { check: 'exclusive-create', run: exclusiveCreate },
  /** `link(2)`: puts a new lock file at its path, complete, without ever overwriting another. */
  { check: 'hard-links', run: hardLinks },
  /** `rename(2)` of a folder onto one that is not empty: the test-and-set that lets only one process into the guard. */
  { check: 'exclusive-rename', run: exclusiveRename },
  /** `rmdir(2)` and `unlink(2)`: leave the guard, remove a dead owner from it, and release a lock. */
  { check: 'removal', run: removal },
];

function exclusiveCreate({ fs, folder }: Site): CheckResult {
  const path = join(folder, 'file');
  createFile(fs, path, 'first');
  const failure = failureOf(() => fs.closeSync(fs.openSync(path, 'wx')));
  if (failure === null || readSnapshot(fs, path)?.text !== 'first') {
    return unsafe(
      'Creating a file exclusively (O_EXCL) succeeds although it exists: two processes would both have created it.',
    );
  }
  if (failure !== 'EEXIST') {
    return limited(
      `Creating a file exclusively (O_EXCL) fails where it exists, but with ${failure} instead of EEXIST.`,
    );
  }
  return safe('Creating a file exclusively (O_EXCL) fails where it exists.');
}

function hardLinks({ fs, folder }: Site): CheckResult {
  const [mine, theirs, lock] = [join(folder, 'mine'), join(folder, 'theirs'), join(folder, 'lock')];
  createFile(fs, mine, 'mine');
  createFile(fs, theirs, 'theirs');
  if (countOf(fs, mine) === 2) {
    return unsafe(
      'A file that was just created has a link count of two: a link that fails would be taken for one that succeeded.',
    );
  }
  const failure = failureOf(() => fs.linkSync(mine, lock));
  if (failure !== null) return withoutLinks(failure);
  const second = failureOf(() => fs.linkSync(theirs, lock));
  if (second === null || readSnapshot(fs, lock)?.text !== 'mine') {
    return unsafe(
      'A hard link (link) overwrites what is at its path: two processes would both get the lock.',
    );
  }
  if (second !== 'EEXIST') {
    return limited(
      `A hard link (link) fails where its path exists, but with ${second} instead of EEXIST: a race ends with that error.`,
    );
  }
  if (countOf(fs, mine) !== 2) {
    return limited(
      'Hard links work, but are not counted (st_nlink): a link whose answer is lost on the network counts as failed.',
    );
  }
  return safe('Hard links work, and fail where their path exists.');
}

function countOf(fs: Site['fs'], path: string): number | undefined {
  return fs.lstatSync(path)?.nlink;
}

function withoutLinks(code: string): CheckResult {
  return isWithoutHardLinks(code)
    ? limited(
        `There are no hard links (link fails with ${code}); livinglock creates its file by rename instead, within ` +
          'its guard. Never two at once among the processes of one machine, but with one safeguard fewer.',
      )
    : unsafe(`A hard link (link) fails with ${code}: no lock can be created here.`);
}

function exclusiveRename(site: Site): CheckResult {
  const { fs, folder } = site;
  const guard = join(folder, 'guard');
  const [first, second] = [entrance(site, 'first'), entrance(site, 'second')];
  fs.renameSync(first, guard);
  const refusal = errorOf(() => fs.renameSync(second, guard));
  const [owner, ...others] = fs.readdirSync(guard);
  if (refusal === null || owner !== 'first' || others.length > 0) {
    return unsafe(
      'Renaming a folder onto one that is not empty succeeds: two processes could change a lock at the same time.',
    );
  }
  if (!isTaken(refusal)) {
    return limited(
      `Renaming a folder onto one that is not empty fails, but with ${systemCode(refusal)} instead of ENOTEMPTY: ` +
        'contenders get that error where they should get ErrLockBusy.',
    );
  }
  fs.unlinkSync(join(guard, 'first'));
  const obstacle = errorOf(() => fs.renameSync(second, guard));
  // A contender that finds the guard taken looks inside, and removes an empty one.
  if (obstacle !== null && !isTaken(obstacle)) {
    return limited(
      `Renaming a folder onto an empty one fails with ${systemCode(obstacle)}: contenders get that error when another ` +
        'process is just leaving the guard, or has died leaving it.',
    );
  }
  return safe('Renaming a folder onto one that is not empty fails.');
}

/** A folder with its owner's file, as a process makes it that enters the guard. */
function entrance({ fs, folder }: Site, owner: string): string {
  const entrance = join(folder, `guard.${owner}`);
  fs.mkdirSync(entrance);
  createFile(fs, join(entrance, owner), '');
  return entrance;
}

function removal({ fs, folder }: Site): CheckResult {
  const guard = join(folder, 'guard');
  const owner = join(guard, 'owner');
  fs.mkdirSync(guard);
  createFile(fs, owner, 'owner');
  const full = failureOf(() => fs.rmdirSync(guard));
  if (full === null || fs.lstatSync(owner) === undefined) {
    return unsafe(
      'Removing a folder (rmdir) succeeds although it is not empty: a process could be thrown out of the guard that it is in.',
    );
  }
  fs.unlinkSync(owner);
  const again = failureOf(() => fs.unlinkSync(owner));
  if (again === null || fs.lstatSync(owner) !== undefined || readSnapshot(fs, owner) !== null) {
    return unsafe(
      'A file that was removed (unlink) is still there: a released lock would stay, or be released twice.',
    );
  }
  fs.rmdirSync(guard);
  if (!['ENOTEMPTY', 'EEXIST'].includes(full) || again !== 'ENOENT') {
    return limited(
      `Removing what cannot be removed fails with unusual errors (rmdir ${full}, unlink ${again} instead of ENOTEMPTY ` +
        'and ENOENT): contenders may get those instead of ErrLockBusy.',
    );
  }
  return safe(
    'A folder that is not empty cannot be removed (rmdir); a file that was removed (unlink) is gone.',
  );
}
