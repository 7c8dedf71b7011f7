import type { Sign, SignFile } from '../../../system/signs-of-life/sign-of-life.js';
import type { FileNumbers } from './guard-names.js';
import type { Litter } from './litter.js';

/** What a section can do while it is inside. */
export interface GuardSection {
  /** Removes what killed processes left beside the lock. */
  sweep(path: string, litter: Litter): void;
  /** Writes to the owner's file, which exists already, and returns its path, to be linked to the lock's path. */
  writeOwnerFile(text: string): string;
  /** Writes a file and passes its path to `move`, which renames it to the lock's path. */
  stage(text: string, move: (staged: string) => void): void;
  /** Passes a path where only this process writes, and removes the file there if the function throws. */
  reserve(use: (staged: string) => void): void;
  /** Keeps the sign of life under another path, which contains its device and inode numbers, after this process leaves. `null` if that is not possible. */
  keepSign(pathOf: (numbers: FileNumbers) => string): Sign | null;
}

/** A sign of life, and the owner of a guard that it tells about. */
export interface Question {
  /** The name of the owner's file. */
  readonly owner: string;
  readonly sign: string;
  readonly file: SignFile;
}
