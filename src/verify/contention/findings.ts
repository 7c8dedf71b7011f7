import type { ContentionFigures, FileSystemFinding } from '../file-system-report.js';
import { limited, type Outcome, safe, times, unsafe } from '../outcome.js';
import type { Evidence } from './evidence.js';
import { overlapsOf, takeoverTimes, tokensOutOfOrder } from './stays.js';

/** The figures that follow from what was seen. */
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

/** What follows from what was seen, in plain words. */
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

function neverAcquired({ processes, failures }: Evidence): Outcome {
  const reason = failures[0] ?? 'each was told that it is busy';
  return unsafe(`None of ${processes} processes could acquire a lock: ${reason}`);
}

function exclusion({ processes, stays }: Evidence): Outcome {
  const overlaps = overlapsOf(stays);
  const [first] = overlaps;
  if (first === undefined) {
    return safe(
      `Never did two of ${processes} processes hold the lock at once, in ${stays.length} acquisitions.`,
    );
  }
  const longest = Math.max(...overlaps.map(({ duration }) => duration));
  return unsafe(
    `Two processes held the lock at once, ${times(overlaps.length)} in ${stays.length} acquisitions, for up to ` +
      `${longest.toFixed(1)} ms; the first were PID ${first.pids.join(' and PID ')}.`,
  );
}

function holding({ losses, heartbeats }: Evidence): Outcome {
  const [first] = losses;
  if (first === undefined) {
    return safe(`No holder lost the lock while it was alive and gave its heartbeats (${heartbeats}).`);
  }
  return unsafe(
    `A holder that was alive and gave its heartbeats lost the lock, ${times(losses.length)}: ${first}`,
  );
}

function recovery({ stays, stuck }: Evidence): Outcome {
  if (stuck !== null) {
    return unsafe(`When all processes had ended, the lock could not be acquired any more: ${stuck}`);
  }
  const takeovers = takeoverTimes(stays);
  if (takeovers.length === 0) return safe('The lock was free when all processes had ended.');
  const longest = Math.ceil(Math.max(...takeovers));
  return safe(
    `When the holder was killed (${times(takeovers.length)}), another took over within ${longest} ms.`,
  );
}

function fencingTokens({ stays }: Evidence): Outcome {
  const count = tokensOutOfOrder(stays);
  return count === 0
    ? safe("Each holder's fencing token was greater than all before.")
    : unsafe(`A holder's fencing token was not greater than all before, ${times(count)}.`);
}

function failures({ failures }: Evidence): Outcome | null {
  const [first] = failures;
  return first === undefined
    ? null
    : limited(`An error came where a local file system gives none, ${times(failures.length)}: ${first}`);
}
