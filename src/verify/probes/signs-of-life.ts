import { join } from 'node:path';
import { isLocal } from '../../stores/file/file-system-type.js';
import type { Life } from '../../system/signs-of-life/sign-of-life.js';
import { systemLife } from '../../system/signs-of-life/system.js';
import { type CheckResult, limited, safe } from '../file-system-report.js';
import { failureOf, type Probe, type Site } from './probe-types.js';

const CONSEQUENCE =
  'A process that died in another container counts as alive until its lock is stale. Within one container, and outside, nothing is missing.';

/** What tells a dead process from a living one where PIDs prove nothing. */
export const signProbes: readonly Probe[] = [
  { check: 'signs-of-life', run: (site) => signsOfLife(site, systemLife()) },
];

/** @param life The signs of life of this system. */
export async function signsOfLife({ fs, folder }: Site, life: Life | null): Promise<CheckResult> {
  if (life === null)
    return safe('This system has no containers of its own, in which PIDs would prove nothing.');
  const path = join(folder, 'sign');
  const sign = life.keep(path);
  if (sign === null) return limited(`No process can keep a sign of life here. ${CONSEQUENCE}`);
  const kept = life.isMovable ? join(folder, 'kept') : path;
  const failure = life.isMovable ? failureOf(() => fs.linkSync(path, kept)) : null;
  const answer = failure === null ? await life.ask(kept) : 'unknown';
  sign.close();
  if (failure !== null) return limited(`A sign of life cannot be linked here (${failure}). ${CONSEQUENCE}`);
  if (answer !== 'alive')
    return limited(`The sign of life of a living process cannot be probed. ${CONSEQUENCE}`);
  if (life.needsLocalFiles && !isLocal(fs, folder)) {
    return limited(
      `It is not known whether all containers see the same signs of life on this kind of file system. ${CONSEQUENCE}`,
    );
  }
  const after = life.isMovable ? await life.ask(kept) : 'dead';
  if (after !== 'dead') return limited(`A sign of life does not end with its process. ${CONSEQUENCE}`);
  return safe(
    'A sign of life ends with its process: a death in another container of this machine is noticed at once.',
  );
}
