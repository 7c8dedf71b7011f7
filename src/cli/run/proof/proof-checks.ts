import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { oneLine } from '../../../core/describe-holder.js';
import type { Lock, Store } from '../../../index.js';
import { attempt } from '../../../system/attempt.js';
import { UsageError } from '../../errors/cli-error.js';
import { say } from '../../terminal/messages.js';
import { FILE_PROOF, type Proof } from './proof.js';
import type { ProofCheck } from './stall-watch.js';
import { watchFile, watchOutputFiles } from './watch-files.js';

/** What SQLite puts behind the name of its database. */
const BESIDE_DATABASE = ['', '-wal', '-shm', '-journal'];

/** Returns the check for this kind of proof. */
export function proofCheckFor(proof: Proof, lock: Lock | null, store: Store): ProofCheck {
  switch (proof.by) {
    case 'alive':
      return provenIf(() => true);
    case 'output':
      return provenIf(watchOutputFiles());
    case 'file':
      if (!existsSync(proof.path))
        say(`There is no ${proof.path} yet. The command must create it and keep changing it.`);
      return provenIf(watchFile(proof.path));
    case 'manual':
      return lock === null ? () => 0 : heartbeatCheck(lock, store);
  }
}

function provenIf(isAtWork: () => boolean): ProofCheck {
  return (watch) => {
    try {
      if (isAtWork()) watch.prove();
    } catch (error) {
      watch.complain(error);
    }
    return watch.silence;
  };
}

/** The command sends its own heartbeats, so its last proof of work is in the lock. */
function heartbeatCheck({ name, token }: Lock, store: Store): ProofCheck {
  return async () => {
    const stored = await store.read(name);
    // If the lock is no longer ours, the lock itself finds that out.
    return stored?.record?.token === token ? stored.age : 0;
  };
}

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
  throw new UsageError(
    `livinglock itself changes ${oneLine(proof.path)} with each heartbeat, so --heartbeat ${FILE_PROOF}${oneLine(proof.path)} proves nothing. Name a file that only the command changes.`,
  );
}

/** Of a file that does not exist yet, its folder counts. */
function realOf(path: string): string {
  const absolute = resolve(path);
  const byFolder = attempt(() => join(realpathSync(dirname(absolute)), basename(absolute)), absolute);
  return attempt(() => realpathSync(absolute), byFolder);
}
