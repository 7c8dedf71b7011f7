import { dirname } from 'node:path';
import type { Liveness } from '../../system/processes/process-table.js';
import type { Life, SignFile } from '../../system/signs-of-life/sign-of-life.js';
import type { FileSystem } from './file-system.js';
import { isLocal } from './file-system-type.js';

/** Asks a sign of life, and believes what can be believed where it is. */
export async function askSign(
  life: Life,
  fs: FileSystem,
  path: string,
  expected: SignFile,
): Promise<Liveness> {
  const answer = await life.ask(path, expected);
  return answer === 'dead' && life.needsLocalFiles && !isLocal(fs, dirname(path)) ? 'unknown' : answer;
}
