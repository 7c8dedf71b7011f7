import { judgeAftermath } from './aftermath.js';
import type { Contender } from './contender.js';
import type { Sight } from './lock-file.js';
import { JUMP } from './options.js';
import { Referee } from './referee.js';
import type { Scenario } from './scenario.js';
import type { Action } from './schedule.js';
import type { Stage } from './stage.js';
import { isInContainers, isStalled, type States } from './states.js';
import type { Step } from './step-report.js';
import { judgeStrangers, strangersIn } from './strangers.js';
import type { Strategy } from './strategies/strategy.js';
import { Violation } from './violation.js';

/** One step, as a row of a table. */
export interface Row {
  readonly who: string;
  readonly call: string;
  readonly outcome: string;
  readonly told: readonly string[];
  /** The lock file after it. */
  readonly sight: Sight;
}

export interface Performance {
  readonly scenario: Scenario;
  readonly actions: readonly Action[];
  /** `null`: all rules were kept. */
  readonly violation: Violation | null;
}

const FIRST_PID = 1010;
/** No schedule needs this many steps, not even with a contender that waits for the guard until it gives up. */
const MOST_STEPS = 20_000;

/** Plays one schedule, and checks each step. */
export function perform(
  stage: Stage,
  states: States,
  scenario: Scenario,
  strategy: Strategy,
  record?: (row: Row) => void,
): Performance {
  states.arrange(scenario.state, scenario.breakage);
  const actions: Action[] = [];
  try {
    new Director(stage, scenario, actions, record).run(strategy);
    return { scenario, actions, violation: null };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { scenario, actions, violation: error };
  }
}

class Director {
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  /** The actions so far. */
  readonly #actions: Action[];
  readonly #record: ((row: Row) => void) | undefined;
  readonly #cast: readonly Contender[];
  readonly #referee: Referee;
  /** The files of others in the folder. */
  readonly #strangers: string;

  constructor(stage: Stage, scenario: Scenario, actions: Action[], record?: (row: Row) => void) {
    this.#stage = stage;
    this.#scenario = scenario;
    this.#actions = actions;
    this.#record = record;
    this.#cast = stage.contenders.slice(0, scenario.contenders);
    this.#referee = new Referee(stage.world, stage.path);
    this.#strangers = strangersIn(stage.folder);
  }

  run(strategy: Strategy): void {
    for (const [index, contender] of this.#cast.entries()) this.#start(contender, FIRST_PID + index);
    if (isStalled(this.#scenario.state)) this.#letFirstStall();
    let current: number | null = null;
    while (this.#cast.some(({ canMove }) => canMove)) {
      const { action, calls } = strategy.next({
        standings: this.#cast.map(({ standing }) => standing),
        current,
        made: this.#actions.length,
      });
      this.#act(action, calls);
      if (action.do === 'go') current = action.who;
      if (this.#actions.length > MOST_STEPS) throw new Violation('no failure', 'somebody goes on forever');
    }
    judgeStrangers(this.#stage.folder, this.#strangers);
    judgeAftermath(this.#stage, this.#scenario);
    judgeStrangers(this.#stage.folder, this.#strangers);
  }

  #start(contender: Contender, pid: number): void {
    const { path } = this.#stage;
    const { state, breakage } = this.#scenario;
    const inContainer = isInContainers(state);
    const report = contender.start({
      pid,
      inContainer,
      path,
      script: 'job',
      stepped: true,
      dies: '',
      breakage,
    });
    this.#referee.introduce(contender);
    for (const step of report.steps) this.#referee.judge(contender, step);
  }

  /** The first contender holds the lock, and was paused before its heartbeat for longer than the stale timeout. */
  #letFirstStall(): void {
    const [holder] = this.#cast;
    while (holder?.canMove && !this.#referee.isHolding(holder)) this.#go(holder, 1, () => {});
    this.#jump();
  }

  #act(action: Action, calls: number): void {
    const note = () => this.#actions.push(action);
    if (action.do === 'jump') {
      note();
      this.#jump();
      return;
    }
    const contender = this.#cast[action.who];
    if (contender === undefined) throw new RangeError(`There is no contender number ${action.who}.`);
    if (action.do === 'go') {
      this.#go(contender, calls, note);
    } else {
      note();
      this.#kill(contender);
    }
  }

  #go(contender: Contender, calls: number, note: () => void): void {
    for (const step of contender.go(calls).steps) {
      note();
      try {
        this.#referee.judge(contender, step);
      } finally {
        this.#show(contender.letter, step);
      }
    }
  }

  #kill(contender: Contender): void {
    const call = contender.next;
    contender.kill();
    this.#show(contender.letter, { call, outcome: 'killed', told: [] });
  }

  #jump(): void {
    this.#stage.letPass(JUMP);
    this.#show('', { call: `${JUMP / 1000} seconds pass`, outcome: '', told: [] });
  }

  #show(who: string, { call, outcome, told }: Pick<Step, 'call' | 'outcome' | 'told'>): void {
    this.#record?.({ who, call, outcome, told, sight: this.#referee.sight });
  }
}
