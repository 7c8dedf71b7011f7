/**
 * Looks for a schedule that breaks a rule. `npm run explore -- --help` says how.
 *
 * First all schedules of two contenders within the bounds, then random ones of three and four.
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BREAKAGES } from './breakages/index.js';
import { explain } from './explanation.js';
import { Exploration, type Explored } from './exploration.js';
import type { Scenario } from './performance.js';
import { parseReplay } from './replay.js';
import { Stage } from './stage.js';
import { STATES, type State } from './states.js';
import type { Bounds } from './strategies/exhaustive.js';

const HELP = `Usage: npm run explore [-- options]
       npm run explore -- --replay SCHEDULE

Plays schedules of contenders on the real code, one call to the file system at a time, and checks after each
call that no rule is broken. First all schedules of two contenders within the bounds, then random ones of
three and four. Prints the first schedule that breaks a rule as a table, and exits with 1.

  --schedules N    how many to play (default: 20000)
  --seed N         for the random ones (default: by the clock)
  --contenders N   only random ones, of so many contenders (2 to 4)
  --preemptions N  how often one that could go on has to let another go first (default: 2)
  --faults N       how often one is killed, or paused for longer than the stale timeout (default: 1)
  --patience N     how often the others wait for one that is paused before it goes on (default: 3)
  --breakage NAME  breaks the library on purpose: one of
                   ${BREAKAGES.join(', ')}
  --replay WORD    plays one schedule again, and prints it
  --help           this text`;

const CLEAR_LINE = '\r\u001b[K';
/** How often progress is shown, in milliseconds: on a terminal as one line that changes, else as lines. */
const PROGRESS_PERIOD = process.stderr.isTTY ? 200 : 30_000;
const MOST_CONTENDERS = 4;
const STATE_COUNT = STATES.length;

/** What was asked for. */
interface Wish {
  readonly schedules: number;
  readonly seed: number;
  /** `null`: all of two, then three and four by turns. */
  readonly contenders: number | null;
  readonly bounds: Bounds;
  readonly breakage: string;
}

const values = readArguments();
if (values.help) {
  console.log(HELP);
} else {
  const stage = new Stage(MOST_CONTENDERS);
  try {
    const exploration = new Exploration(stage);
    process.exitCode = await orComplain(() =>
      values.replay === undefined ? explore(exploration, wishFrom()) : replay(exploration, values.replay),
    );
  } finally {
    await stage[Symbol.asyncDispose]();
  }
}

async function explore(exploration: Exploration, wish: Wish): Promise<number> {
  const begin = performance.now();
  let explored = 0;
  let shownAt = begin;

  for (const { phase, share, explorations } of phases(exploration, wish)) {
    const end = Math.min(explored + share, wish.schedules);
    for (const { schedules, failing } of explorations) {
      explored += schedules;
      if (failing !== null) {
        clearProgress();
        console.log(`${explain(failing, exploration)}\n\nFound in schedule ${explored} (seed ${wish.seed}).`);
        return 1;
      }
      if (performance.now() - shownAt > PROGRESS_PERIOD) {
        shownAt = performance.now();
        showProgress(`${phase}: ${explored} of ${wish.schedules} schedules, ${rate(explored, begin)}`);
        // So that Ctrl+C is heard.
        await setImmediate();
      }
      if (explored >= end) break;
    }
    if (explored >= wish.schedules) break;
  }
  clearProgress();
  console.log(`${explored} schedules, ${rate(explored, begin)}: no rule was broken (seed ${wish.seed}).`);
  return 0;
}

interface Phase {
  readonly phase: string;
  /** How many schedules it may have. */
  readonly share: number;
  readonly explorations: Iterable<Explored>;
}

/** All of two contenders have half of the schedules; what they leave, and the other half, are random ones. */
function* phases(exploration: Exploration, wish: Wish): Generator<Phase> {
  const { schedules, seed, contenders, bounds, breakage } = wish;
  for (const state of contenders === null ? STATES : []) {
    yield {
      phase: `all schedules of two, ${state}`,
      share: schedules / 2 / STATE_COUNT,
      explorations: exploration.exhaust({ state, contenders: 2, breakage }, bounds),
    };
  }
  // Long enough for each to be worth its turn, short enough for every turn to come.
  const turn = Math.max(100, schedules / 100);
  for (let round = 0; ; round++) {
    for (const scenario of crowds(contenders, breakage)) {
      yield {
        phase: `random schedules of ${scenario.contenders}, ${scenario.state}`,
        share: turn,
        explorations: exploration.wander(scenario, seed + round * schedules),
      };
    }
  }
}

function crowds(contenders: number | null, breakage: string): Scenario[] {
  const sizes = contenders === null ? [3, 4] : [contenders];
  return sizes.flatMap((size) =>
    STATES.map((state: State): Scenario => ({ state, contenders: size, breakage })),
  );
}

function replay(exploration: Exploration, word: string): number {
  const { scenario, actions } = parseReplay(word);
  const performance = exploration.replay(scenario, actions);
  console.log(explain(performance, exploration));
  return performance.violation === null ? 0 : 1;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        schedules: { type: 'string', default: '20000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        contenders: { type: 'string' },
        preemptions: { type: 'string', default: '2' },
        faults: { type: 'string', default: '1' },
        patience: { type: 'string', default: '3' },
        breakage: { type: 'string', default: '' },
        replay: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error);
  }
}

function wishFrom(): Wish {
  const { breakage, contenders } = values;
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
      patience: number('patience', values.patience, 0),
    },
    breakage,
  };
}

function number(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  throw new RangeError(`--${name} must be a whole number ${range}, but is ${text}.`);
}

/** A `RangeError` is a mistake of who has typed the command. */
async function orComplain(action: () => number | Promise<number>): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
}

function refuse(error: unknown): never {
  console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  return process.exit(2);
}

function rate(explored: number, begin: number): string {
  const seconds = (performance.now() - begin) / 1000;
  return `${Math.round(seconds)} s, ${Math.round(explored / seconds)} a second`;
}

function showProgress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `${CLEAR_LINE}${text}` : `${text}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
