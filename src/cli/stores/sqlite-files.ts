import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, sep } from 'node:path';
import { realFolder } from '../../stores/file/resolve-path.js';
import { secondNameOf } from '../../stores/sqlite/second-name.js';
import { attempt } from '../../system/attempt.js';
import { isOwn } from '../../system/files/is-own-file.js';
import { beginningOf } from '../../system/files/open-to-read.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/**
 * The files that SQLite keeps beside a database, and removes or overwrites whatever is in them: a rollback journal, a write-ahead log, and its index,
 * in either byte order. How each begins: https://www.sqlite.org/fileformat2.html, https://www.sqlite.org/walformat.html.
 */
const SIDE_FILES: readonly (readonly [end: string, beginnings: readonly string[]])[] = [
  ['-journal', ['d9d505f920a163d7']],
  ['-wal', ['377f0682', '377f0683']],
  ['-shm', ['18e22d', '002de2']],
];

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * The file that SQLite is to open, behind symbolic links. Throws a `CliError` if another user leads there, if SQLite
 * would touch a file beside it that is not its own, or if others may have it open under another name.
 */
export function fileOfDatabase(path: string): string {
  const file = followLinks(path);
  refuseForeign(path, file);
  const secondName = secondNameOf(file);
  if (secondName !== null) throw refusal(path, `it ${secondName.reason}. ${secondName.remedy}`);
  return file;
}

/** The owner of the folder could otherwise lead root to any file. */
function followLinks(path: string): string {
  let file = path;
  for (let count = 0; count < MAX_LINKS; count++) {
    const status = statusOf(file);
    if (!status?.isSymbolicLink()) break;
    if (status.uid !== 0 && !isOwn(status)) {
      throw refusal(
        path,
        `it is a symbolic link that belongs to another user (UID ${status.uid}), who decides where it leads. Give the path that it leads to, if that is yours.`,
      );
    }
    const target = readlinkSync(file);
    // Not normalized: what is in front of `..` may be a link too.
    file = isAbsolute(target) ? target : `${realFolder(dirname(file))}${sep}${target}`;
  }
  return file;
}

function refuseForeign(path: string, file: string): void {
  const left: string[] = [];
  for (const [end, beginnings] of SIDE_FILES) {
    const beside = file + end;
    const status = statusOf(beside);
    if (status === undefined || (status.isFile() && status.size === 0)) continue;
    if (!status.isFile() || !beginsWithOneOf(beside, beginnings)) {
      throw refusal(
        path,
        `${beside} is not SQLite's, but SQLite would remove it or write to it. Move it away, or choose another name for the database.`,
      );
    }
    left.push(beside);
  }
  // Only now: SQLite creates the database first.
  if (left.length > 0 && !existsSync(file)) {
    throw refusal(
      path,
      `there is only ${left.join(' and ')}, which belongs to a database of that name. Restore the database, or move the file away.`,
    );
  }
}

/**
 * A journal begins with zeros until it is synced, and again after a commit if it is kept; and a crash of the machine may leave zeros in each of the
 * files. Anything that is being written may be cut off.
 */
function beginsWithOneOf(path: string, beginnings: readonly string[]): boolean {
  // SQLite may have removed it meanwhile.
  const found = attempt(() => beginningOf(path, 8), Buffer.alloc(0), ['ENOENT']);
  return beginnings.some((hex) => {
    const expected = Buffer.from(hex, 'hex');
    return found.subarray(0, expected.length).every((byte, index) => byte === 0 || byte === expected[index]);
  });
}

/** If the system refuses to say, it refuses SQLite too. */
function statusOf(path: string) {
  return attempt(() => lstatSync(path, { throwIfNoEntry: false }), undefined);
}

function refusal(path: string, reason: string): CliError {
  return new CliError(ExitCode.store, `Cannot open the SQLite database ${path}: ${reason}`);
}
