import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Exit } from '../exit-status.js';
import type { OutputRoute, ReadOutput } from '../output/output-route.js';
import type { ProcessGroup } from '../processes/process-group.js';
import type { InheritedSocket } from '../sign/inherited-socket.js';

/** A command that has been started. */
export interface Started {
  readonly exited: Promise<Exit>;
  readonly group: ProcessGroup;
  /** Whether signals of the keyboard reach the command without the runner. */
  readonly sharesTerminal: boolean;
  /** The output that this process reads. */
  readonly output: readonly ReadOutput[];
  /** Lets the command begin. If this process dies before, nothing will ever have run. `null` if it has begun already. */
  readonly begin: (() => void) | null;
}

/** What a command is started with. */
export interface Outfit {
  readonly env: NodeJS.ProcessEnv;
  readonly output: OutputRoute;
  /** Descriptors of this process that the command gets under the same numbers. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
  /** Whether the command ignores SIGHUP on a terminal, as under nohup(1). */
  readonly ignoresHangup: boolean;
}

/** Rejects with the system's error if the command cannot be started. */
export async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  await once(child, 'spawn');
  throw new Error('The command has started without a PID.');
}
