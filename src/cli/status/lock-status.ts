import { DEFAULT_STALE_TIMEOUT } from '../../core/assess/judge.js';
import type { LockHistory, PastRun } from '../../history/index.js';
import type { Inspection } from '../../index.js';
import { lastRun } from '../jobs/job-figures.js';

/** One lock as `status --json` prints it. Its public description is docs/status.schema.json. */
export type LockStatus = ReturnType<typeof lockStatus>;

/**
 * @param called The name of the lock on the command line.
 * @param past What the history says about it.
 */
export function lockStatus(called: string, inspection: Inspection, past: LockHistory | null = null) {
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
    acquiredAt: holder?.acquiredAt ?? null,
    heartbeatAt: holder?.timestamp ?? null,
    heartbeatAgeMs: rounded(heartbeatAge),
    cooldownMs: cooldown(inspection),
    staleTimeoutMs: holder === null ? null : finite(holder.staleTimeout ?? DEFAULT_STALE_TIMEOUT),
    fencingToken: holder?.fencingToken ?? null,
    workers: holder?.workers.map(({ pid }) => pid) ?? [],
    /** The holder, then its workers. */
    processes: processes.map(({ identity, liveness }, index) => ({
      pid: identity.pid,
      role: index === 0 ? ('holder' as const) : ('worker' as const),
      /** Whether the PID stands for the whole process group that it leads, or led. */
      isGroup: identity.group === true,
      liveness,
    })),
    progress: holder?.progress ?? null,
    lastRun: facts(lastRun({ lock: inspection, history: past })),
    /** How many attempts were skipped since then. */
    skips: past?.skips?.count ?? 0,
    usualDurationMs: rounded(past?.usualDuration ?? null),
  };
}

function facts(run: PastRun | undefined) {
  if (run === undefined) return null;
  const { outcome, startedAt, endedAt, duration, exitCode, signal } = run;
  return { outcome, startedAt, endedAt, durationMs: Math.round(duration), exitCode, signal };
}

function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds);
}

/** How much longer it counts as held, in milliseconds. */
function cooldown({ holder, heartbeatAge }: Inspection): number | null {
  const hold = holder?.hold ?? null;
  return hold === null || heartbeatAge === null ? null : Math.round(Math.max(0, hold - heartbeatAge));
}

/** JSON has no infinity. */
function finite(milliseconds: number): number | null {
  return Number.isFinite(milliseconds) ? milliseconds : null;
}
