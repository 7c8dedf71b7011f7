import type { ContendersEnd, Stop } from '../handover.js';
import { Eyes } from '../lock-file.js';
import type { Part } from '../part.js';
import { formatReport, type Step } from '../step-report.js';
import type { World } from '../world.js';

/** The result of any call after the contender was killed: nothing happens any more, and the contender learns nothing. */
export class Killed extends Error {}

/** Every call of a contender passes through here, and is made when the scheduler says so. */
export class Gate {
  readonly #handover: ContendersEnd;
  readonly #world: World;
  #eyes = new Eyes('');
  #isStepped = true;
  #diesBefore = '';
  #callsBeforeDeath = 0;
  #isDead = false;
  /** How many calls the scheduler has granted. */
  #granted = 0;
  #steps: Omit<Step, 'told'>[] = [];
  #told: string[][] = [];

  constructor(handover: ContendersEnd, world: World) {
    this.#handover = handover;
    this.#world = world;
  }

  /** Waits for a part to play, and reports the result of the last one. */
  awaitPart(): string {
    const { text } = this.#stop('over', '');
    this.#isDead = false;
    return text;
  }

  begin({ path, stepped, dies }: Part): void {
    const [name = '', nth = ''] = dies.split(' ');
    this.#eyes = new Eyes(path);
    this.#isStepped = stepped;
    this.#diesBefore = name;
    this.#callsBeforeDeath = Number(nth);
    this.#granted = 0;
    this.#note('', '');
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Makes the call when it is granted, unless the contender is killed there. A contender that would wait uses up its grant. */
  step<T>(name: string, details: string, call: () => T, stop: Stop = 'call'): T {
    if (this.#isDead) throw new Killed();
    if (name === this.#diesBefore && --this.#callsBeforeDeath === 0) this.die();
    const description = `${name} ${details}`;
    if (stop !== 'call') this.#granted = 0;
    if (this.#isStepped && this.#granted === 0) this.#awaitGrant(stop, description);
    this.#granted--;
    this.#world.tick();
    try {
      const result = call();
      this.#note(description, 'ok');
      return result;
    } catch (error) {
      this.#note(description, error instanceof Error && 'code' in error ? String(error.code) : String(error));
      throw error;
    }
  }

  /** Stops whatever the pace. */
  pause(why: string): void {
    if (this.#isDead) throw new Killed();
    this.#awaitGrant('yield', why);
  }

  /** From here on no call has any effect. */
  die(): never {
    this.end();
    throw new Killed();
  }

  end(): void {
    this.#isDead = true;
  }

  /** Reports what the library told the contender. The dead are told nothing. */
  tell(event: string): void {
    if (!this.#isDead) this.#told.at(-1)?.push(event);
  }

  /** Reads the lock after each call, for the referee: nobody else moves meanwhile. */
  #note(call: string, outcome: string): void {
    this.#steps.push({ call, outcome, lock: this.#eyes.look(), at: this.#world.elapsed });
    this.#told.push([]);
  }

  #awaitGrant(stop: Stop, next: string): void {
    const { order, text } = this.#stop(stop, next);
    if (order === 'kill') this.die();
    this.#granted = Number(text);
  }

  #stop(stop: Stop, next: string): ReturnType<ContendersEnd['stop']> {
    const told = this.#told;
    const steps = this.#steps.map((step, index) => ({ ...step, told: told[index] ?? [] }));
    this.#steps = [];
    this.#told = [];
    return this.#handover.stop(stop, formatReport({ steps, next }));
  }
}
