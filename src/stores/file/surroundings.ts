import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import type { FileSystem, OpenFolder } from './file-system.js';

/** What the guard needs from its environment. */
export interface Surroundings {
  readonly fs: FileSystem;
  readonly processes: ProcessTable;
  /** Whether a process belongs to an earlier boot of this machine, judged by the guard in which it left its name. */
  readonly isOfEarlierBoot: (process: ProcessIdentity, guard: OpenFolder) => boolean;
  /** Whether nobody else can replace what is created in the lock's folder. */
  readonly isClosed: boolean;
}
