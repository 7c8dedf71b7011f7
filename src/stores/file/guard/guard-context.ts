import type { ProcessIdentity } from '../../../system/processes/process-identity.js';
import type { Liveness, ProcessTable } from '../../../system/processes/process-table.js';
import type { Life } from '../../../system/signs-of-life/sign-of-life.js';
import type { FileSystem, OpenFolder } from '../file-system.js';

/** What the guard needs from its environment. */
export interface GuardContext {
  readonly fs: FileSystem;
  readonly processes: Pick<ProcessTable, 'self' | 'liveness'>;
  /** Whether a process belongs to an earlier boot of this machine, judged by the guard in which it left its name. */
  readonly isOfEarlierBoot: (process: ProcessIdentity, guard: OpenFolder) => boolean;
  readonly life: Life | null;
  /** Whether this process needs a sign of life while it is in the guard, or from then on. */
  readonly keepsSign: boolean;
  /** The path of a sign that it keeps already. */
  readonly keptSign: string | null;
  /** What the signs of life of owners have just told, by the names of the owners' files. */
  readonly answers: ReadonlyMap<string, Liveness>;
  /** Whether nobody else can replace what is created in the lock's folder. */
  readonly isClosed: boolean;
}
