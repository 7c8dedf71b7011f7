// npm run explore -- [--schedules N] [--seed N] [--contenders N] [--preemptions N] [--faults N] [--breakage NAME]
// npm run explore -- --replay SCHEDULE
//
// First all schedules of two contenders within the bounds, then random ones of three and four, or of as many as were asked for.

import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BREAKAGES } from './breakages/index.js';
import { explain } from './explanation.js';
import { Exploration, type Explored } from './exploration.js';
import type { Scenario } from './performance.js';
import { parseReplay } from './replay.js';
import { Stage } from './stage.js';
import { STATES } from './states.js';

const CLEAR_LINE = '\r\u001b[K';
/** How often the line of progress is written anew, in milliseconds. */
const PROGRESS_PERIOD = 200;
const MOST_CONTENDERS = 4;
const BREAKAGE_HELP = `One of ${BREAKAGES.join(', ')}.`;

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    contenders: { type: 'string' },
    preemptions: { type: 'string', default: '2' },
    faults: { type: 'string', default: '1' },
    patience: { type: 'string', default: '3' },
    breakage: { type: 'string', default: '' },
    replay: { type: 'string' },
  },
});

const stage = new Stage(MOST_CONTENDERS);
try {
  process.exitCode = values.replay === undefined ? await explore() : replay(values.replay);
} finally {
  await stage[Symbol.asyncDispose]();
}

async function explore(): Promise<number> {
  const most = positive('schedules', values.schedules);
  const seed = Number(values.seed);
  const begin = performance.now();
  let explored = 0;
  let shownAt = 0;

  const exploration = new Exploration(stage);
  for (const { phase, share, explorations } of phases(exploration, most, seed)) {
    const end = explored + share;
    for (const { schedules, failing } of explorations) {
      explored += schedules;
      if (failing !== null) {
        clearProgress();
        console.log(`${explain(failing, exploration)}\n\nFound in schedule ${explored} (seed ${seed}).`);
        return 1;
      }
      if (performance.now() - shownAt > PROGRESS_PERIOD) {
        shownAt = performance.now();
        showProgress(`${phase}: ${explored} of ${most} schedules, ${rate(explored, begin)}`);
        // So that Ctrl+C is heard.
        await setImmediate();
      }
      if (explored >= Math.min(end, most)) break;
    }
    if (explored >= most) break;
  }
  clearProgress();
  console.log(`${explored} schedules, ${rate(explored, begin)}: no rule was broken (seed ${seed}).`);
  return 0;
}

interface Phase {
  readonly phase: string;
  /** How many schedules it may have. */
  readonly share: number;
  readonly explorations: Iterable<Explored>;
}

/** All of two contenders have half of the schedules; what they leave, and the other half, are random ones. */
function* phases(exploration: Exploration, most: number, seed: number): Generator<Phase> {
  const { breakage } = values;
  if (breakage !== '' && !BREAKAGES.includes(breakage)) throw new RangeError(BREAKAGE_HELP);
  if (values.contenders === undefined) {
    const bounds = {
      preemptions: Number(values.preemptions),
      faults: Number(values.faults),
      patience: Number(values.patience),
    };
    for (const state of STATES) {
      const scenario = { state, contenders: 2, breakage };
      const phase = `all schedules of two, ${state}`;
      yield { phase, share: most / 2 / STATES.length, explorations: exploration.exhaust(scenario, bounds) };
    }
  }
  const crowds = values.contenders === undefined ? [3, 4] : [positive('contenders', values.contenders)];
  // Long enough for each to be worth its turn, short enough for every turn to come.
  const turn = Math.max(100, most / 100);
  for (let round = 0; ; round++) {
    for (const contenders of crowds) {
      if (!(contenders >= 2 && contenders <= stage.contenders.length)) {
        throw new RangeError(`--contenders must be from 2 to ${stage.contenders.length}.`);
      }
      for (const state of STATES) {
        const scenario: Scenario = { state, contenders, breakage };
        const phase = `random schedules of ${contenders}, ${state}`;
        yield { phase, share: turn, explorations: exploration.wander(scenario, seed + round * most) };
      }
    }
  }
}

function replay(text: string): number {
  const { scenario, actions } = parseReplay(text);
  const exploration = new Exploration(stage);
  const performance = exploration.replay(scenario, actions);
  console.log(explain(performance, exploration));
  return performance.violation === null ? 0 : 1;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0)
    throw new RangeError(`--${name} must be a positive integer, but is ${text}.`);
  return number;
}

function rate(explored: number, begin: number): string {
  const seconds = (performance.now() - begin) / 1000;
  return `${Math.round(seconds)} s, ${Math.round(explored / seconds)} a second`;
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${text}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
