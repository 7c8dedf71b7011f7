import {
  type CheckResult,
  type ContentionFigures,
  type FileSystemFinding,
  limited,
  safe,
  unsafe,
} from './file-system-report.js';

/** What was observed while several processes contended for one lock. */
export interface Evidence
  extends Pick<
    ContentionFigures,
    'processes' | 'duration' | 'turnedAway' | 'heartbeats' | 'postponed' | 'killed'
  > {
  readonly stays: readonly Stay[];
  /** The errors of contenders that lost the lock although they were alive and sent heartbeats. */
  readonly losses: readonly string[];
  /** Other reports of things that should not happen. */
  readonly failures: readonly string[];
  /** Why the lock could not be acquired after all contenders had gone; `null` if it could. */
  readonly stuck: string | null;
}

/** One process's hold of the lock, by the machine's monotonic clock: from when it knew that it held it, in milliseconds. */
export interface Stay {
  readonly pid: number;
  readonly from: number;
  /** When it was about to release the lock, or was killed. */
  readonly to: number;
  readonly wasKilled: boolean;
  readonly fencingToken: number;
}

/** Figures computed from the observations. */
export function figuresOf(evidence: Evidence): ContentionFigures {
  const { processes, duration, stays, turnedAway, heartbeats, postponed, killed, losses, failures } =
    evidence;
  const takeovers = takeoverTimes(stays);
  return {
    processes,
    duration,
    acquisitions: stays.length,
    turnedAway,
    heartbeats,
    postponed,
    killed,
    killedHolding: stays.filter(({ wasKilled }) => wasKilled).length,
    overlaps: overlapsOf(stays).length,
    losses: losses.length,
    failures: failures.length,
    longestTakeover: takeovers.length === 0 ? null : Math.max(...takeovers),
  };
}

/** The findings, in plain words. */
export function findingsOf(evidence: Evidence): FileSystemFinding[] {
  if (evidence.stays.length === 0) return [{ check: 'exclusion', ...neverAcquired(evidence) }];
  const findings: FileSystemFinding[] = [
    { check: 'exclusion', ...exclusion(evidence) },
    { check: 'holding', ...holding(evidence) },
    { check: 'recovery', ...recovery(evidence) },
    { check: 'fencing-tokens', ...fencingTokens(evidence) },
  ];
  const failure = failures(evidence);
  return failure === null ? findings : [...findings, { check: 'failures', ...failure }];
}

function neverAcquired({ processes, failures }: Evidence): CheckResult {
  const reason = failures[0] ?? 'each was told that the lock is busy';
  return unsafe(`None of ${processes} processes could acquire a lock: ${reason}`);
}

function exclusion({ processes, stays }: Evidence): CheckResult {
  const overlaps = overlapsOf(stays);
  const [first] = overlaps;
  if (first === undefined) {
    return safe(`No two of ${processes} processes held the lock at once, in ${stays.length} acquisitions.`);
  }
  const longest = Math.max(...overlaps.map(({ duration }) => duration));
  return unsafe(
    `Two processes held the lock at once, ${times(overlaps.length)} in ${stays.length} acquisitions, for up to ` +
      `${longest.toFixed(1)} ms; the first were PID ${first.pids.join(' and PID ')}.`,
  );
}

function holding({ losses, heartbeats }: Evidence): CheckResult {
  const [first] = losses;
  if (first === undefined) {
    return safe(`No holder lost the lock while it was alive and sent its heartbeats (${heartbeats}).`);
  }
  return unsafe(
    `A holder that was alive and sent its heartbeats lost the lock, ${times(losses.length)}: ${first}`,
  );
}

function recovery({ stays, stuck }: Evidence): CheckResult {
  if (stuck !== null) {
    return unsafe(`When all processes had ended, the lock could no longer be acquired: ${stuck}`);
  }
  const takeovers = takeoverTimes(stays);
  if (takeovers.length === 0) return safe('The lock was free when all processes had ended.');
  const longest = Math.ceil(Math.max(...takeovers));
  return safe(
    `When the holder was killed (${times(takeovers.length)}), another process took over within ${longest} ms.`,
  );
}

function fencingTokens({ stays }: Evidence): CheckResult {
  const count = tokensOutOfOrder(stays);
  return count === 0
    ? safe("Each holder's fencing token was greater than all earlier ones.")
    : unsafe(`A holder's fencing token was not greater than all earlier ones, ${times(count)}.`);
}

function failures({ failures }: Evidence): CheckResult | null {
  const [first] = failures;
  return first === undefined
    ? null
    : limited(`An error occurred where a local file system gives none, ${times(failures.length)}: ${first}`);
}

/** `once`, `3 times`. */
function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Two stays that overlap. */
interface Overlap {
  readonly pids: readonly [number, number];
  /** The length of the overlap, in milliseconds. */
  readonly duration: number;
}

/**
 * Every stay that began before another one had ended. One clock orders the events of all processes of a machine, so this
 * relies neither on a file nor on the order in which messages arrive.
 */
function overlapsOf(stays: readonly Stay[]): Overlap[] {
  const overlaps: Overlap[] = [];
  let longest: Stay | null = null;
  for (const stay of inOrder(stays)) {
    if (longest !== null && stay.from < longest.to) {
      overlaps.push({
        pids: [longest.pid, stay.pid],
        duration: Math.min(longest.to, stay.to) - stay.from,
      });
    }
    if (longest === null || stay.to > longest.to) longest = stay;
  }
  return overlaps;
}

/** For each killed holder that another one followed, the milliseconds in between. */
function takeoverTimes(stays: readonly Stay[]): number[] {
  const ordered = inOrder(stays);
  return ordered.flatMap((stay, index) => {
    const next = ordered[index + 1];
    return stay.wasKilled && next !== undefined ? [Math.max(0, next.from - stay.to)] : [];
  });
}

/** How often a holder's fencing token was not greater than all before. */
function tokensOutOfOrder(stays: readonly Stay[]): number {
  let greatest = 0;
  let count = 0;
  for (const { fencingToken } of inOrder(stays)) {
    if (fencingToken <= greatest) count++;
    greatest = Math.max(greatest, fencingToken);
  }
  return count;
}

function inOrder(stays: readonly Stay[]): Stay[] {
  return stays.toSorted((one, other) => one.from - other.from);
}
