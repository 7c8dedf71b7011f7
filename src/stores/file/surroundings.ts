import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import type { FileSystem, OpenFolder } from './file-system.js';

/** What the guard takes from its surroundings. */
export interface Surroundings {
  readonly fs: FileSystem;
  readonly processes: ProcessTable;
  /** Whether a process was of an earlier boot of this machine, by the guard in which it left its name. */
  readonly isOfEarlierBoot: (process: ProcessIdentity, guard: OpenFolder) => boolean;
  /** Whether nobody else can put anything in the place of what is made in the lock's folder. */
  readonly isClosed: boolean;
}
