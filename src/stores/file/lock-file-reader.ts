import { dirname } from 'node:path';
import { ageOf, type Place, provenanceOf } from '../../core/assess/provenance.js';
import type { Dependencies } from '../../core/options/dependencies.js';
import { contentOf } from '../../core/record/recognize-lock-file.js';
import type { LockRecord } from '../../core/record/record.js';
import type { Stored } from '../../core/store.js';
import { type FileStatus, type FileSystem, OTHERS_MAY_WRITE } from './file-system.js';
import { isLocal } from './file-system-type.js';
import { MAX_BYTES, readSnapshot } from './regular-file.js';

/** Reads lock files, and tells where their records come from and how old they are. */
export class LockFileReader {
  readonly #clock: Dependencies['clock'];
  readonly #processes: Dependencies['processes'];
  readonly #fs: FileSystem;

  constructor({ clock, processes }: Dependencies, fileSystem: FileSystem) {
    this.#clock = clock;
    this.#processes = processes;
    this.#fs = fileSystem;
  }

  read(path: string): Stored | null {
    const snapshot = readSnapshot(this.#fs, path);
    if (snapshot === null) return null;
    const { text, status } = snapshot;
    const version = `${status.mtimeMs} ${text}`;
    const content = contentOf(text, status.size <= MAX_BYTES, new Date(status.mtimeMs));
    switch (content.is) {
      case 'record': {
        const { record } = content;
        const place = this.placeOf(path);
        const provenance = provenanceOf(record, place);
        const age = ageOf(record, provenance, place, this.#sinceHeartbeat(record, status));
        const writtenAge = this.#clock.now() - Math.max(record.timestamp.getTime(), status.mtimeMs);
        return { version, record, age, provenance, writtenAge, writer: writerOf(status) };
      }
      case 'torn':
        return { version, record: null, age: this.#unchangedFor(status), provenance: 'unknown' };
      case 'foreign': {
        const foreign = `it is another kind of file, which begins with ${content.beginning}`;
        return { version, record: null, foreign, age: this.#unchangedFor(status), provenance: 'unknown' };
      }
    }
  }

  placeOf(path: string): Place {
    return {
      self: this.#processes.self(),
      clock: this.#clock,
      isLocal: () => isLocal(this.#fs, dirname(path)),
    };
  }

  /**
   * The time since the last heartbeat. A time in the future only shows that clocks differ, or that one was set back: it counts as long ago as it
   * is ahead, or the lock could be held forever.
   */
  #sinceHeartbeat({ timestamp }: LockRecord, { mtimeMs }: FileStatus): number {
    const now = this.#clock.now();
    const age = now - timestamp.getTime();
    return age >= 0 ? age : Math.min(-age, Math.abs(now - mtimeMs));
  }

  /** A change in the future, beyond what clocks differ by, was made while the clock was wrong, and not just now. */
  #unchangedFor({ mtimeMs, ctimeMs }: FileStatus): number {
    return Math.abs(this.#clock.now() - Math.max(mtimeMs, ctimeMs));
  }
}

/**
 * Who wrote a file: its owner, if nobody else can write to it, and if it has no other name, because it may have been written
 * as another lock. On Windows this is unknown.
 */
function writerOf({ uid, mode, nlink }: FileStatus): number | null | undefined {
  if (process.geteuid === undefined) return undefined;
  return (mode & OTHERS_MAY_WRITE) === 0 && nlink === 1 ? uid : null;
}
