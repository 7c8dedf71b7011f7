import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { oneLine } from '../../../core/describe-holder.js';
import { attempt } from '../../../system/attempt.js';
import { messageOf } from '../../../system/message-of.js';
import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import { watchState } from './change-detector.js';
import { FILE_PROOF, type Proof } from './proof.js';

/** What SQLite puts behind the name of its database. */
const BESIDE_DATABASE = ['', '-wal', '-shm', '-journal'];

/**
 * Refuses a file that livinglock itself changes, so that the lock would prove that the command is at work: where the lock is kept, or that folder.
 *
 * @param keptIn The file with the lock, or with the database; `null` if a server keeps it.
 */
export function refuseOwnProof(proof: Proof, keptIn: string | null): void {
  if (proof.by !== 'file' || keptIn === null) return;
  const file = realOf(keptIn);
  const own = [dirname(file), ...BESIDE_DATABASE.map((ending) => `${file}${ending}`)];
  if (!own.includes(realOf(proof.path))) return;
  throw new CliError(
    ExitCode.usage,
    `livinglock itself changes ${oneLine(proof.path)} with each heartbeat, so --heartbeat ${FILE_PROOF}${oneLine(proof.path)} proves nothing. Name a file that only the command changes.`,
  );
}

/** Of a file that does not exist yet, its folder counts. */
function realOf(path: string): string {
  const absolute = resolve(path);
  const byFolder = attempt(() => join(realpathSync(dirname(absolute)), basename(absolute)), absolute);
  return attempt(() => realpathSync(absolute), byFolder);
}

/**
 * Tells whether a file has been replaced, or is longer or newer than at the last check. A missing file has not changed. A check throws
 * if it cannot find out.
 */
export function watchFile(path: string): () => boolean {
  return watchState(() => signature(path));
}

function signature(path: string): string | null {
  const status = statusOf(path);
  return status === undefined ? null : `${status.ino} ${status.size} ${status.mtimeNs}`;
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch (error) {
    throw new Error(
      `Cannot see whether ${path} changes: ${messageOf(error)}. Until this works, the file does not count as proof of work.`,
    );
  }
}
