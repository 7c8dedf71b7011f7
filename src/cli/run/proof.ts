import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { oneLine } from '../../core/describe.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { InvalidArgument } from '../grammar/invalid-argument.js';
import { watchState } from './watch-state.js';

/** What counts as proof that a command is at work. */
export type Proof =
  | { readonly by: 'alive' }
  | { readonly by: 'output' }
  | { readonly by: 'manual' }
  | { readonly by: 'file'; readonly path: string };

/** Kinds of proof that one word names. */
export const PROOFS = ['alive', 'output', 'manual'] as const;
/** The prefix of a file's path. */
export const FILE_PROOF = 'file:';

export function parseProof(text: string): Proof {
  const named = PROOFS.find((proof) => proof === text);
  if (named !== undefined) return { by: named };
  if (text.startsWith(FILE_PROOF) && text !== FILE_PROOF) {
    return { by: 'file', path: text.slice(FILE_PROOF.length) };
  }
  throw new InvalidArgument('It must be one of alive, output, manual, file:PATH.');
}

/**
 * In words, for the message about a command that has given no proof.
 *
 * @param isHeldUp Whether what it has written is not being read.
 */
export function describeProof(proof: Proof, isHeldUp: boolean): string {
  switch (proof.by) {
    case 'alive':
      return 'it has not been seen alive';
    case 'output':
      return isHeldUp ? 'its output has not been read' : 'it has not written anything';
    case 'manual':
      return 'it has not called `livinglock beat`';
    case 'file':
      return `${proof.path} has not changed`;
  }
}

/** What else would look like missing proof, for the same message; empty if there is nothing to say. */
export function hintOn(proof: Proof, isHeldUp: boolean): string {
  if (proof.by !== 'output') return '';
  return isHeldUp
    ? ' Check what reads it: the next command in the pipe, or a terminal after Ctrl-S.'
    : ' A program that buffers its output looks the same: `python -u` or `stdbuf -oL` makes it write at once.';
}

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
  for (const [known, rest] of [
    [absolute, ''],
    [dirname(absolute), basename(absolute)],
  ] as const) {
    try {
      return join(realpathSync(known), rest);
    } catch {
      // The next one.
    }
  }
  return absolute;
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
