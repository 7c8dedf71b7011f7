import type { Inspection, Liveness } from '../../index.js';

/** A holder that does not say otherwise counts as stalled after an hour, in milliseconds. */
const DEFAULT_STALE_TIMEOUT = 3_600_000;

/** A process of a holder. */
export interface ProcessStatus {
  readonly pid: number;
  readonly role: 'holder' | 'worker';
  /** Whether all of the process group counts that it leads, or led. */
  readonly isGroup: boolean;
  readonly liveness: Liveness;
}

/** One lock as `status --json` prints it; docs/status.schema.json is its public description. */
export interface LockStatus {
  readonly name: string;
  readonly path: string;
  readonly state: Inspection['state'];
  readonly reason: string;
  readonly pid: number | null;
  readonly host: string | null;
  readonly command: string | null;
  readonly user: string | null;
  readonly cwd: string | null;
  readonly owner: string | null;
  readonly acquiredAt: string | null;
  readonly heartbeatAt: string | null;
  readonly heartbeatAgeMs: number | null;
  readonly cooldownMs: number | null;
  readonly staleTimeoutMs: number | null;
  readonly fencingToken: number | null;
  readonly workers: readonly number[];
  /** The holder, then its workers. */
  readonly processes: readonly ProcessStatus[];
  readonly progress: { readonly ratio: number | null; readonly note: string | null } | null;
}

/** @param called What the lock is called on the command line. */
export function lockStatus(called: string, inspection: Inspection): LockStatus {
  const { name, state, reason, holder, heartbeatAge, processes } = inspection;
  return {
    name: called,
    path: name,
    state,
    reason,
    pid: holder?.processId ?? null,
    host: holder?.process.hostname ?? null,
    command: holder?.command ?? null,
    user: holder?.user ?? null,
    cwd: holder?.cwd ?? null,
    owner: holder?.owner ?? null,
    acquiredAt: holder?.acquiredAt?.toISOString() ?? null,
    heartbeatAt: holder?.timestamp.toISOString() ?? null,
    heartbeatAgeMs: heartbeatAge === null ? null : Math.round(heartbeatAge),
    cooldownMs: cooldown(inspection),
    staleTimeoutMs: holder === null ? null : finite(holder.staleTimeout ?? DEFAULT_STALE_TIMEOUT),
    fencingToken: holder?.fencingToken ?? null,
    workers: holder?.workers.map(({ pid }) => pid) ?? [],
    processes: processes.map(({ identity, liveness }, index) => ({
      pid: identity.pid,
      role: index === 0 ? 'holder' : 'worker',
      isGroup: identity.group === true,
      liveness,
    })),
    progress: holder?.progress ?? null,
  };
}

/** For how many milliseconds it still counts as held. */
function cooldown({ holder, heartbeatAge }: Inspection): number | null {
  const hold = holder?.hold ?? null;
  return hold === null || heartbeatAge === null ? null : Math.round(Math.max(0, hold - heartbeatAge));
}

/** JSON has no infinity. */
function finite(milliseconds: number): number | null {
  return Number.isFinite(milliseconds) ? milliseconds : null;
}
