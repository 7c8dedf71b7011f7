import { parseArgs } from 'node:util';
import { BREAKAGES } from '../support/breakages/index.js';
import { parseReplay, type Replay } from './replay.js';
import type { Bounds } from './strategies/exhaustive.js';

export const HELP = `Usage: npm run explore [-- options]
       npm run explore -- --replay SCHEDULE

Plays schedules of contenders on the real code, one call to the file system at a time, and checks after each
call that no rule is broken. First all schedules of two contenders within the bounds, then random ones of
three and four. Prints the first schedule that breaks a rule as a table, and exits with 1.

  --schedules N    how many to play (default: 20000)
  --seed N         for the random ones (default: by the clock)
  --contenders N   only random ones, of so many contenders (2 to 4)
  --preemptions N  how often one that could go on has to let another go first (default: 2)
  --faults N       how often one is killed, or paused for longer than the stale timeout (default: 1)
  --waits N        how often the others wait for a paused contender before it resumes (default: 3)
  --breakage NAME  breaks the library on purpose: one of
                   ${BREAKAGES.join(', ')}
  --replay WORD    plays one schedule again, and prints it
  --help           this text`;

export const MOST_CONTENDERS = 4;

/** The options of the command line. */
export interface Wish {
  readonly schedules: number;
  readonly seed: number;
  /** `null`: all schedules of two, then three and four in turns. */
  readonly contenders: number | null;
  readonly bounds: Bounds;
  readonly breakage: string;
  /** One schedule to play again, instead of all others. */
  readonly replay: Replay | null;
}

/** Reads the command line. Throws a `TypeError` or `RangeError` for options that make no sense. */
export function readWish(): Wish | 'help' {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      contenders: { type: 'string' },
      preemptions: { type: 'string', default: '2' },
      faults: { type: 'string', default: '1' },
      waits: { type: 'string', default: '3' },
      breakage: { type: 'string', default: '' },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { breakage, contenders, replay } = values;
  if (breakage !== '' && !BREAKAGES.includes(breakage)) {
    throw new RangeError(`--breakage must be one of ${BREAKAGES.join(', ')}, but is ${breakage}.`);
  }
  return {
    schedules: number('schedules', values.schedules, 1),
    seed: number('seed', values.seed, 0),
    contenders: contenders === undefined ? null : number('contenders', contenders, 2, MOST_CONTENDERS),
    bounds: {
      preemptions: number('preemptions', values.preemptions, 0),
      faults: number('faults', values.faults, 0),
      waits: number('waits', values.waits, 0),
    },
    breakage,
    replay: replay === undefined ? null : parseReplay(replay),
  };
}

function number(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  throw new RangeError(`--${name} must be a whole number ${range}, but is ${text}.`);
}
