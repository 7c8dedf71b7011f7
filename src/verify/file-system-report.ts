/**
 * How far the guarantees hold in a folder.
 *
 * - `safe`: everything that the library promises for one machine holds.
 * - `limited`: never two at once, but something else is missing or cannot be known; the findings say what.
 * - `unsafe`: do not keep a lock there. Two processes may hold it at once, or it cannot be used at all.
 */
export type FileSystemVerdict = 'safe' | 'limited' | 'unsafe';

/** The checks, in this order: the calls that the file store makes, one by one; then the lock itself. */
export type FileSystemCheck =
  | 'exclusive-create'
  | 'hard-links'
  | 'exclusive-rename'
  | 'removal'
  | 'replacement'
  | 'symbolic-links'
  | 'names'
  | 'times'
  | 'shared-view'
  | 'whole-reads'
  | 'reboot'
  | 'signs-of-life'
  | 'exclusion'
  | 'holding'
  | 'recovery'
  | 'fencing-tokens'
  | 'failures';

/** The result of one check. */
export interface FileSystemFinding {
  /** What was checked. */
  readonly check: FileSystemCheck;
  /** The verdict of this finding alone. */
  readonly verdict: FileSystemVerdict;
  /** In plain words: the fact, and its consequence. */
  readonly message: string;
}

/** What happened while several processes contended for one lock. */
export interface ContentionFigures {
  /** How many contended at a time. */
  readonly processes: number;
  /** How long they contended, in milliseconds. */
  readonly duration: number;
  /** How often a contender got the lock. */
  readonly acquisitions: number;
  /** How often a contender was told that the lock is busy. */
  readonly turnedAway: number;
  /** Heartbeats written. */
  readonly heartbeats: number;
  /**
   * How often a heartbeat or a release had to be retried, because another process took too long to change the lock. This happens on a busy machine;
   * if it happens often, the file system is slow.
   */
  readonly postponed: number;
  /** Contenders killed by SIGKILL, and replaced. */
  readonly killed: number;
  /** Those of them that held the lock at that moment. */
  readonly killedHolding: number;
  /** How often a process got the lock while another one held it. */
  readonly overlaps: number;
  /** How often a process lost the lock although it was alive and sent its heartbeats. */
  readonly losses: number;
  /** Calls that failed with an error that a local file system never gives. */
  readonly failures: number;
  /** The longest time from the kill of a holder to the next acquisition, in milliseconds; `null` if there was none. */
  readonly longestTakeover: number | null;
}

/** The result of {@link verifyFileSystem} for a folder. */
export interface FileSystemReport {
  /** The folder's absolute path. */
  readonly directory: string;
  /** The type of the file system, such as `ext4`, `nfs`, `fuse`; `null` if unknown. */
  readonly fileSystem: string | null;
  /** The worst verdict of the findings. */
  readonly verdict: FileSystemVerdict;
  /** One for each check. */
  readonly findings: readonly FileSystemFinding[];
  /** What to do about it, in plain words; `null` if there is nothing to do. */
  readonly advice: string | null;
  /** What happened under contention. */
  readonly figures: ContentionFigures;
}

/** A finding without the name of its check. */
export type CheckResult = Omit<FileSystemFinding, 'check'>;

const BY_GRAVITY: readonly FileSystemVerdict[] = ['unsafe', 'limited', 'safe'];

const HEADLINES: Readonly<Record<FileSystemVerdict, string>> = {
  safe: 'safe: the guarantees hold here',
  limited: 'limited: never two at once, but not all guarantees hold here, or are known to hold',
  unsafe: 'UNSAFE: do not keep a lock here',
};

const MARKS: Readonly<Record<FileSystemVerdict, string>> = {
  safe: 'ok',
  limited: 'limited',
  unsafe: 'UNSAFE',
};

/** Each makes a result from a message in plain words. */
export const safe = resultOf('safe');
export const limited = resultOf('limited');
export const unsafe = resultOf('unsafe');

function resultOf(verdict: FileSystemVerdict): (message: string) => CheckResult {
  return (message) => ({ verdict, message });
}

/** The worst verdict of the findings. */
export function verdictOf(findings: readonly FileSystemFinding[]): FileSystemVerdict {
  return BY_GRAVITY.find((verdict) => findings.some((finding) => finding.verdict === verdict)) ?? 'safe';
}

/** What to do if the guarantees do not all hold. */
export function adviceFor(verdict: FileSystemVerdict): string | null {
  switch (verdict) {
    case 'safe':
      return null;
    case 'limited':
      return (
        `If all runs of the job are on one machine, prefer a local file system, such as ${localFolder()}, ` +
        'where nothing is missing. If they are on several machines, keep the lock in a database ' +
        'that all of them reach: a lock file cannot tell a process that is dead elsewhere from one that is paused.'
      );
    case 'unsafe':
      return (
        `Do not keep a lock here. If all runs of the job are on one machine, use a local file system, such as ${localFolder()}. ` +
        'If they are on several machines, keep the lock in a database that all ' +
        'of them reach.'
      );
  }
}

function localFolder(): string {
  return process.platform === 'win32'
    ? '%LOCALAPPDATA%\\<application>'
    : '/var/lib/<application> or /run/<application>';
}

/** Formats the report for people, as several lines without a final line break. */
export function formatFileSystemReport(report: FileSystemReport): string {
  const { directory, fileSystem, verdict, findings, advice, figures } = report;
  return [
    `${directory} (${fileSystem ?? 'unknown file system'}) is ${HEADLINES[verdict]}.`,
    '',
    ...findings.map((finding) => `  ${MARKS[finding.verdict].padEnd(9)}${finding.message}`),
    '',
    describeFigures(figures),
    ...(advice === null ? [] : ['', advice]),
  ].join('\n');
}

function describeFigures(figures: ContentionFigures): string {
  const { processes, duration, acquisitions, turnedAway, heartbeats, postponed, killed, killedHolding } =
    figures;
  return (
    `${processes} processes on this machine, ${(duration / 1000).toFixed(1)} s: ${acquisitions} acquisitions, ` +
    `${turnedAway} times busy, ${heartbeats} heartbeats, ${postponed} retried, ${killed} killed, ${killedHolding} of them holding the lock.`
  );
}
