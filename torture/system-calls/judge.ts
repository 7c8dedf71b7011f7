import type { Job } from './jobs.js';

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it had to be killed, because it did not end. */
  readonly hasHung: boolean;
  readonly errors: string;
}

/** A line of the log that the commands write. */
export interface Entry {
  readonly who: string;
  readonly what: 'begins' | 'ends';
  /** Whether the kernel says that no other command is at work. */
  readonly isAlone: boolean;
  /** Seconds since the machine was started. */
  readonly at: number;
}

/** What is known of one run. */
export interface Evidence {
  readonly job: Job;
  /** The call that strace has made to fail; `null` if the program did not come so far. */
  readonly injected: string | null;
  /** The process in which it failed; of `beat`, the runner around it. */
  readonly victim: Ended;
  /** Whether the victim's command was still alive when the victim had ended. */
  readonly isAbandoned: boolean;
  /** Who came next, and waits for the lock. */
  readonly successor: Ended;
  readonly log: readonly Entry[];
  /** What is beside the lock after one more takeover from a dead runner, and was not there before. */
  readonly left: readonly string[];
  /** Files of others that have changed. */
  readonly harmed: readonly string[];
}

export const VICTIM = 'victim';
export const SUCCESSOR = 'successor';
export const HOLDER = 'holder';

/** livinglock's exit status for a bug. */
const BUG = 70;
const STACK = /\n\s+at .+:\d+:\d+|a bug in livinglock/;
/** What was to be said may have been what could not be written. */
const OF_MESSAGE = /^writev?\(/;

export type Fate = 'unharmed' | 'not started' | 'cut short' | 'reported' | 'killed';

/** How it went for the victim. */
export function fateOf({ victim, log }: Evidence): Fate {
  if (victim.signal !== null) return 'killed';
  if (victim.code === 0) return 'unharmed';
  if (!has(log, VICTIM, 'begins')) return 'not started';
  return has(log, VICTIM, 'ends') ? 'reported' : 'cut short';
}

/** What must not have happened, in words. */
export function judge(evidence: Evidence): string[] {
  const { successor, log, left, harmed } = evidence;
  const isServed = successor.code === 0 && has(log, SUCCESSOR, 'ends');
  return [
    ...meetings(evidence),
    ...faultsOfVictim(evidence),
    ...(isServed ? [] : [`the next run could not take the lock: ${describeEnd(successor)}`]),
    ...left.map((file) => `left behind: ${file}`),
    ...harmed.map((file) => `changed, though it is somebody else's: ${file}`),
  ];
}

function meetings({ job, log }: Evidence): string[] {
  const begunAt = (who: string) => log.find((entry) => entry.who === who && entry.what === 'begins')?.at ?? 0;
  // A command begins with a fresh heartbeat, a moment before: nobody may take over so soon after.
  const mayFollow = begunAt(SUCCESSOR) - begunAt(VICTIM) > job.staleTimeout / 2;
  return log
    .filter(({ what, isAlone }) => what === 'begins' && !isAlone)
    .filter(({ who }) => !(who === SUCCESSOR && mayFollow))
    .map(({ who }) => `the command of the ${who} began while another was at work`);
}

function faultsOfVictim(evidence: Evidence): string[] {
  const { job, injected, victim, isAbandoned, log } = evidence;
  // Node ends itself where it cannot go on. The command may still be at work then, and keeps the lock.
  if (victim.hasHung) return ['it did not end'];
  if (victim.signal !== null) return [];
  const { code, errors } = victim;
  const hasEnded = job.does !== 'break' && has(log, VICTIM, 'ends');
  const mayBeSilent = OF_MESSAGE.test(injected ?? '');
  return [
    ...(code === 0 && !hasEnded ? ['it exited with 0, but its command has not run to its end'] : []),
    ...(code !== 0 && errors === '' && !mayBeSilent ? [`it exited with ${code} and said nothing`] : []),
    ...(code === BUG || STACK.test(errors) ? [`it calls this a bug: ${errors.trim()}`] : []),
    ...(isAbandoned ? ['it ended while its command was still alive'] : []),
  ];
}

function has(log: readonly Entry[], who: string, what: Entry['what']): boolean {
  return log.some((entry) => entry.who === who && entry.what === what);
}

function describeEnd({ code, signal, errors }: Ended): string {
  return `${code ?? signal}: ${errors.trim() || 'no message'}`;
}
