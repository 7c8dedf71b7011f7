import { dirname } from 'node:path';
import type { Life } from '../../system/life/life.js';
import type { Liveness } from '../../system/processes/process-table.js';
import { type FileSystem, isLocal } from './file-system.js';

/** A sign of life beside a lock. */
export interface SignOf {
  /** The path of the lock. */
  readonly path: string;
  readonly sign: string;
  /** The user whose sign it must be. */
  readonly uid: number;
}

/** Asks a sign of life, and believes what can be believed where it is. */
export async function askSign(life: Life, fs: FileSystem, { path, sign, uid }: SignOf): Promise<Liveness> {
  const answer = await life.ask(sign, uid);
  return answer === 'dead' && life.needsLocalFiles && !isLocal(fs, dirname(path)) ? 'unknown' : answer;
}
