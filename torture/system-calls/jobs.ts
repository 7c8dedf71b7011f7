/** What livinglock is asked to do while a system call of its fails. */
export interface Job {
  /** For the help. */
  readonly about: string;
  readonly does: 'run' | 'beat' | 'break';
  /** Options of `livinglock run`. */
  readonly options: readonly string[];
  /** The lock before: free, left behind by a runner that was killed, or held by another command at work. */
  readonly lock: 'free' | 'dead' | 'held';
  /** How long the commands work, in twentieths of a second. */
  readonly work: number;
  /** Seconds without a heartbeat after which another run may take over, even from a command that is still at work. */
  readonly staleTimeout: number;
}

const RUN: Omit<Job, 'about'> = {
  does: 'run',
  options: [],
  lock: 'free',
  work: 4,
  staleTimeout: Number.POSITIVE_INFINITY,
};

/** So that the command is at work during some heartbeats. */
const OFTEN = ['--heartbeat-interval', '0.05s'];

const jobs: Readonly<Record<string, Job>> = {
  alive: { ...RUN, about: 'a run' },
  output: { ...RUN, about: '--heartbeat output', options: ['--heartbeat', 'output', ...OFTEN] },
  file: { ...RUN, about: '--heartbeat file:PATH', options: ['--heartbeat', 'file:beat', ...OFTEN] },
  log: { ...RUN, about: '--history --log', options: ['--history', '--log=logs/'] },
  dead: { ...RUN, about: 'takes over from a dead runner', lock: 'dead' },
  held: { ...RUN, about: 'finds a command at work', lock: 'held' },
  stale: {
    ...RUN,
    about: 'is held up for longer than --stale-timeout (the error delay only)',
    options: ['--heartbeat', 'output', '--stale-timeout', '1s'],
    work: 20,
    staleTimeout: 1,
  },
  beat: { ...RUN, does: 'beat', about: 'livinglock beat, in a command', options: ['--heartbeat', 'manual'] },
  break: { ...RUN, does: 'break', about: 'livinglock break, while a command is at work', lock: 'held' },
};

export const JOBS: ReadonlyMap<string, Job> = new Map(Object.entries(jobs));

/** Whether its lock may become stale while its command is at work. */
export function isBrief({ staleTimeout }: Job): boolean {
  return Number.isFinite(staleTimeout);
}
