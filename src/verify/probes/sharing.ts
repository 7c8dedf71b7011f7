import { dirname, join } from 'node:path';
import type { FileSystem } from '../../stores/file/file-system.js';
import { typeOf } from '../../stores/file/file-system-type.js';
import { readSnapshot } from '../../stores/file/regular-file.js';
import { systemCode } from '../../system/system-code.js';
import { type CheckResult, limited, safe, unsafe } from '../file-system-report.js';
import { createFile } from './create-file.js';
import type { Probe, Sight, Sightings, Site } from './probe-types.js';

/** At most this many replacements, for this many milliseconds: each one may be slow on a network. */
const REPLACEMENTS = 200;
const PERIOD = 1000;
const FILLING = '.'.repeat(700);

/** What other processes see, and whether other machines can write. */
export const sharingProbes: readonly Probe[] = [
  /** What one process changes, another one sees at once: a mount that caches per process cannot hold a lock. */
  { check: 'shared-view', run: sharedView },
  /** While one process replaces a file repeatedly, another one always sees it complete, and never an older version again. */
  { check: 'whole-reads', run: wholeReads },
  /** `statfs(2)`: if only this kernel can have written, a record of another boot proves that its holder is dead. */
  { check: 'reboot', run: reboot },
];

async function sharedView(site: Site): Promise<CheckResult> {
  const { fs, folder } = site;
  const path = join(folder, 'lock');
  const steps: readonly (readonly [what: string, step: () => void, expected: string | null])[] = [
    // First of all, so that a cache has "there is nothing" to remember.
    ['an empty folder', () => {}, null],
    ['a new file', () => createFile(fs, path, 'old'), 'old'],
    ['a file that was replaced', () => fs.writeFileAtomicSync(path, 'new'), 'new'],
    ['a file that was removed', () => fs.unlinkSync(path), null],
  ];
  for (const [what, step, expected] of steps) {
    step();
    if (!(await sees(site, path, expected))) {
      return unsafe(
        `Another process does not see ${what} as it is: it would judge a lock by what the folder looked like before.`,
      );
    }
  }
  return safe('What one process changes, another sees at once.');
}

async function sees({ onlooker }: Site, path: string, expected: string | null): Promise<boolean> {
  const { text, names } = await onlooker.look(path);
  return text === expected && names.includes('lock') === (expected !== null);
}

async function wholeReads({ fs, folder, onlooker }: Site): Promise<CheckResult> {
  const path = join(folder, 'lock');
  createFile(fs, path, version(0));
  const { end } = await onlooker.watch(path, version(REPLACEMENTS));
  const deadline = performance.now() + PERIOD;
  for (let number = 1; number < REPLACEMENTS && performance.now() < deadline; number++) {
    fs.writeFileAtomicSync(path, version(number));
  }
  fs.writeFileAtomicSync(path, version(REPLACEMENTS));
  return resultFrom(await end);
}

function resultFrom({ reads, missing, torn, backwards, errors, sawLast }: Sightings): CheckResult {
  if (!sawLast || backwards > 0) {
    return unsafe(
      'Another process keeps seeing older versions of a file that was replaced: it would judge a lock by old heartbeats.',
    );
  }
  // No decision rests on such a read: a contender that finds a lock free creates it in the guard, where nobody replaces it meanwhile.
  if (missing > 0) {
    return limited(
      `A file is not there for a moment while it is replaced (${missing} of ${reads} reads): \`inspect\` may find a held ` +
        'lock free. `acquire` looks again within its guard.',
    );
  }
  if (torn > 0) {
    return limited(
      `A file that is replaced can be read half old, half new (${torn} of ${reads} reads): a lock may look damaged for a moment.`,
    );
  }
  if (errors.length > 0) {
    return limited(
      `Reading a file that is replaced fails now and then (${errors.join(', ')}): contenders may get that error instead of ErrLockBusy.`,
    );
  }
  return safe('A file that is replaced is always there, whole: either the old one or the new one.');
}

function reboot({ fs, folder }: Site): CheckResult {
  if (process.platform === 'win32') {
    return safe(
      'A holder from before the machine was restarted is recognized by its process, which no longer exists.',
    );
  }
  if (process.platform !== 'linux') {
    return limited(
      'On this platform nothing proves that a lock is from before the machine was restarted: such a lock waits for staleTimeout.',
    );
  }
  const { name: known, writers } = typeOf(fs, folder);
  const name = known ?? 'unknown';
  if (writers === 'one kernel') {
    return safe(
      `The file system (${name}) is local: a lock from before the machine was restarted is taken over at once.`,
    );
  }
  const consequence = 'a lock from before the machine was restarted waits for staleTimeout';
  return writers === 'many'
    ? limited(
        `This is a network file system (${name}): ${consequence}. It was tried from this machine only; between ` +
          'machines nobody can tell a dead process from one that is paused.',
      )
    : limited(
        `The file system (${name}) does not show whether other machines can write here too: ${consequence}.`,
      );
}

/** What a file, and its folder, look like from this process. */
export function observe(fs: FileSystem, path: string): Sight {
  const names = fs.readdirSync(dirname(path));
  // The store asks the same way: a missing file is not opened.
  const snapshot = fs.lstatSync(path) === undefined ? null : readSnapshot(fs, path);
  return { text: snapshot?.text ?? null, mtimeMs: snapshot?.status.mtimeMs ?? null, names };
}

/** Reads a file, whose text is a version, repeatedly until it is the last one, or until there has been no newer one for this many milliseconds. */
export function observeUntil(fs: FileSystem, path: string, last: string, timeout: number): Sightings {
  let [reads, missing, torn, backwards, newest] = [0, 0, 0, 0, 0];
  const errors = new Set<string>();
  let end = performance.now() + timeout;
  while (newest !== numberOf(last) && performance.now() < end) {
    reads++;
    try {
      const text = readSnapshot(fs, path)?.text ?? null;
      const number = text === null ? null : numberOf(text);
      if (text === null) missing++;
      else if (number === null) torn++;
      else if (number < newest) backwards++;
      else if (number > newest) {
        newest = number;
        end = performance.now() + timeout;
      }
    } catch (error) {
      errors.add(systemCode(error) ?? String(error));
    }
  }
  return { reads, missing, torn, backwards, errors: [...errors], sawLast: newest === numberOf(last) };
}

/** The text of a version, which shows whether it is complete; about as long as a record. */
export function version(number: number): string {
  return `${number}${FILLING}${number}`;
}

/** The number of a version, or `null` for anything else. */
function numberOf(text: string): number | null {
  const number = Number.parseInt(text, 10);
  return text === version(number) ? number : null;
}
