import fc from 'fast-check';
import { type Performance, perform, type Row } from './performance.js';
import type { Scenario } from './scenario.js';
import type { Action } from './schedule.js';
import type { Stage } from './stage.js';
import { States } from './states.js';
import { schedules } from './strategies/decisions.js';
import { type Bounds, Exhaustive } from './strategies/exhaustive.js';
import { Fixed } from './strategies/fixed.js';
import { type Rule, Violation } from './violation.js';

/** What has been explored since the last report. */
export interface Explored {
  readonly schedules: number;
  /** A schedule that broke a rule, if any. */
  readonly failing: Performance | null;
}

/** How many random schedules to try at a time. */
const BATCH = 100;

/** Looks for schedules that break a rule. Continues after a failing one if the caller does. */
export class Exploration {
  readonly stage: Stage;
  readonly #states: States;

  constructor(stage: Stage) {
    this.stage = stage;
    this.#states = new States(stage);
  }

  /** All schedules within the bounds. */
  *exhaust(scenario: Scenario, bounds: Bounds): Generator<Explored> {
    const strategy = new Exhaustive(bounds);
    for (let isLeft = true; isLeft; ) {
      const performance = perform(this.stage, this.#states, scenario, strategy);
      isLeft = strategy.advance(performance.actions.length);
      yield { schedules: 1, failing: performance.violation === null ? null : performance };
    }
  }

  /**
   * Endless random schedules; a failing one is shrunk. The same seed gives the same schedules. With a rule, only schedules
   * that break this rule fail, and they are not shrunk: for a caller that only wants to know whether there are any.
   */
  *wander(scenario: Scenario, seed: number, rule?: Rule): Generator<Explored> {
    for (let batch = 0; ; batch++) yield this.#tryBatch(scenario, seed + batch, rule);
  }

  /** One schedule, step by step. */
  replay(scenario: Scenario, actions: readonly Action[], record?: (row: Row) => void): Performance {
    return perform(this.stage, this.#states, scenario, new Fixed(actions), record);
  }

  #tryBatch(scenario: Scenario, seed: number, rule: Rule | undefined): Explored {
    const property = fc.property(schedules(scenario.contenders), (actions) => {
      const { violation } = this.replay(scenario, actions);
      if (violation !== null && violation.rule === (rule ?? violation.rule)) throw violation;
    });
    const { failed, counterexample, numRuns, errorInstance } = fc.check(property, {
      seed,
      numRuns: BATCH,
      endOnFailure: rule !== undefined,
    });
    if (!failed) return { schedules: numRuns, failing: null };
    // Anything but a violation is a bug in the explorer.
    if (counterexample === null || !(errorInstance instanceof Violation)) throw errorInstance;
    return { schedules: numRuns, failing: this.replay(scenario, counterexample[0]) };
  }
}
