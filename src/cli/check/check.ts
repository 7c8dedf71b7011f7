import { oneLine } from '../../core/describe-holder.js';
import { describeError } from '../errors/describe-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { readJobs } from '../jobs/read-jobs.js';
import { sayWhichAreMeant, withLocks } from '../stores/locks.js';
import type { StoreAddress } from '../stores/store-option.js';
import { answer } from '../terminal/messages.js';
import { findingsOn, type Limits, type Severity } from './findings.js';
import { pluginLine } from './plugin-output.js';

/** The exit status for each severity. */
export const STATUSES: Readonly<Record<Severity, number>> = {
  ok: ExitCode.ok,
  warning: ExitCode.no,
  critical: ExitCode.critical,
  unknown: ExitCode.stale,
};

/** Prints one line about these locks, or about all. Returns the exit code. */
export function check(
  names: readonly string[],
  limits: Limits,
  store: StoreAddress | undefined,
): Promise<number> {
  return withLocks(store, async (locks) => {
    sayWhichAreMeant(names, locks);
    const jobs = await readJobs(names, locks);
    if (jobs.length === 0) return unknown(`no locks in ${locks.place()}, and no history`);
    const now = new Date();
    const checked = jobs.map((job) => ({ job, findings: findingsOn(job, limits, now) }));
    const { severity, line } = pluginLine(checked, limits, now);
    return report(severity, line);
  });
}

/** A monitoring system shows what is on stdout, and takes the usual exit codes for those of a plugin. */
export async function explain(error: unknown): Promise<number> {
  return unknown((await describeError(error)).message);
}

function unknown(reason: string): Promise<number> {
  return report('unknown', `UNKNOWN: ${oneLine(reason).replaceAll('|', '¦')}`);
}

function report(severity: Severity, line: string): Promise<number> {
  const status = STATUSES[severity];
  // Even if the line cannot be written.
  process.exitCode = status;
  return answer(status, line);
}
