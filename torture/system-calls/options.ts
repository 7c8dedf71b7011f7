import { parseArgs } from 'node:util';
import { readInteger, readNumber } from '../numbers.js';
import { CALLS, ERRORS } from './faults.js';
import { JOBS } from './jobs.js';
import { BREAKAGES } from './program.js';

export const HELP = `Usage: npm run torture:calls -- [OPTIONS]

Runs livinglock under strace, which makes one of its system calls fail, kills it there or holds it up: one fault in each run, drawn at random
from all that the first thread makes. Then another run follows. A lock of the kernel tells whether two commands are at work at once.
Reports the result. Needs Linux, strace, and to be allowed to trace (ptrace).

  --runs N              number of runs. Default: 100
  --every               all faults, one after another, instead of drawing them. This takes hours, unless the options below choose some
  --job NAME            only this job. Default: all
${[...JOBS].map(([name, { about }]) => `                          ${name.padEnd(8)}${about}`).join('\n')}
  --call NAME           only this system call, such as rename
  --error NAME          only this error, such as EIO; with a + (ENOSPC+), the call fails from then on; SIGKILL or delay
  --when N              only the Nth of these calls, counted from the start of the process
  --seconds N           begins no further run after this time. Default: no limit
  --seed N              repeats the random choices, though not the timing of the machine. Default: a new one each time
  --help                this text

Exit codes: 0 all that must hold did, 1 it did not, 2 wrong arguments or no way to inject faults, 130 interrupted.`;

const MOST_RUNS = 1_000_000;
const MOST_SECONDS = 86_400;
const MOST_CALLS = 100_000;

export interface CallsOptions {
  /** How many runs; with `every`, at the most. */
  readonly runs: number;
  readonly every: boolean;
  /** Those that are wanted; empty: all. */
  readonly job: string;
  readonly call: string;
  readonly error: string;
  /** `0`: any. */
  readonly when: number;
  readonly seconds: number;
  readonly seed: number;
  /** A breakage, to see whether it is found; empty: nothing is broken. */
  readonly breakage: string;
}

/** `'help'` if that is asked for. Throws an error with a message for the user if an argument is wrong. */
export function readOptions(args: readonly string[]): CallsOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      every: { type: 'boolean', default: false },
      job: { type: 'string', default: '' },
      call: { type: 'string', default: '' },
      error: { type: 'string', default: '' },
      when: { type: 'string', default: '0' },
      seconds: { type: 'string', default: String(MOST_SECONDS) },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      breakage: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const { every, runs = every ? String(MOST_RUNS) : '100' } = values;
  return {
    every,
    runs: readInteger('runs', runs, 1, MOST_RUNS),
    job: readName('job', values.job, JOBS),
    call: readName('call', values.call, CALLS),
    error: readName('error', values.error, ERRORS),
    when: readInteger('when', values.when, 0, MOST_CALLS),
    seconds: readNumber('seconds', values.seconds, 0, MOST_SECONDS),
    seed: readInteger('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    breakage: readName('breakage', values.breakage, BREAKAGES),
  };
}

type Names = ReadonlySet<string> | ReadonlyMap<string, unknown>;

function readName(option: string, name: string, names: Names): string {
  if (name === '' || names.has(name)) return name;
  throw new RangeError(`--${option} must be one of ${[...names.keys()].join(', ')}, but is '${name}'.`);
}
