import type { Claim } from '../src/core/store.js';
import type { ProcessIdentity } from '../src/system/processes/process-identity.js';

/** A claim that says only which process makes it. Stale after an hour. */
export function bareClaim(token: string, process: ProcessIdentity): Claim {
  return {
    token,
    process,
    workers: [],
    staleTimeout: 3_600_000,
    command: null,
    user: null,
    cwd: null,
    owner: null,
  };
}
