/**
 * Looks for a schedule that breaks a rule. See `npm run explore -- --help`.
 *
 * First all schedules of two contenders within the bounds, then random ones of three and four.
 */
import { setImmediate } from 'node:timers/promises';
import { explain } from './explanation.js';
import { Exploration } from './exploration.js';
import { phases } from './phases.js';
import type { Replay } from './replay.js';
import { Stage } from './stage.js';
import { Tally } from './tally.js';
import { HELP, MOST_CONTENDERS, readWish, type Wish } from './wish.js';

const CLEAR_LINE = '\r\u001b[K';
/** How often progress is shown, in milliseconds: on a terminal as one line that is rewritten, else as lines. */
const PROGRESS_PERIOD = process.stderr.isTTY ? 200 : 30_000;

const wish = orComplain(readWish);
if (wish === 'help') console.log(HELP);
else process.exitCode = await run(wish);

async function run(wanted: Wish): Promise<number> {
  await using stage = new Stage(MOST_CONTENDERS);
  const exploration = new Exploration(stage);
  // Awaited here, because the stage is cleared away at the end of this block.
  return wanted.replay === null ? await explore(exploration, wanted) : replay(exploration, wanted.replay);
}

async function explore(exploration: Exploration, wanted: Wish): Promise<number> {
  const begin = performance.now();
  const tally = new Tally();
  let explored = 0;
  let shownAt = begin;

  for (const { phase, share, explorations } of phases(exploration, wanted)) {
    const end = Math.min(explored + share, wanted.schedules);
    let isCutShort = false;
    for (const { schedules, failing } of explorations) {
      explored += schedules;
      tally.add(phase, schedules);
      if (failing !== null) {
        clearProgress();
        console.log(
          `${explain(failing, exploration)}\n\nFound in schedule ${explored} (seed ${wanted.seed}).`,
        );
        return 1;
      }
      if (performance.now() - shownAt > PROGRESS_PERIOD) {
        shownAt = performance.now();
        showProgress(`${phase}: ${explored} of ${wanted.schedules} schedules, ${rate(explored, begin)}`);
        // So that Ctrl+C is noticed.
        await setImmediate();
      }
      isCutShort = explored >= end;
      if (isCutShort) break;
    }
    if (!isCutShort) tally.complete(phase);
    if (explored >= wanted.schedules) break;
  }
  clearProgress();
  console.log(tally.format());
  console.log(`${explored} schedules, ${rate(explored, begin)}: no rule was broken (seed ${wanted.seed}).`);
  return 0;
}

function replay(exploration: Exploration, { scenario, actions }: Replay): number {
  const performance = exploration.replay(scenario, actions);
  console.log(explain(performance, exploration));
  return performance.violation === null ? 0 : 1;
}

function orComplain(action: () => Wish | 'help'): Wish | 'help' {
  try {
    return action();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return process.exit(2);
  }
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
