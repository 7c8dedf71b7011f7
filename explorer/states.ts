import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { JUMP } from './options.js';
import type { Stage } from './stage.js';
import { isStranger, plantForeignFile, plantStrangers } from './strangers.js';

/** The state from which a schedule starts. Whatever the library leaves behind is made by the library itself. */
export const STATES = [
  'free',
  'dead-holder',
  'dead-guard',
  'stalled-holder',
  'foreign-file',
  'future-guard',
  'containers',
  'dead-container',
  'dead-container-guard',
  'stalled-container',
] as const;

/**
 * - `free`: there is nothing.
 * - `dead-holder`: the lock of a process that was killed just now.
 * - `dead-guard`: the same, but killed in the middle of a heartbeat, so inside the guard; plus every kind of litter, beside a user's files.
 * - `stalled-holder`: one of the contenders has the lock, and was paused for longer than the stale timeout.
 * - `foreign-file`: a user's file is at the lock's path.
 * - `future-guard`: a process about which nothing is known is in the guard, since a time that is years ahead.
 * - `containers`: there is nothing, and each contender has a PID namespace of its own: no PID proves anything to another.
 * - `dead-container`, `dead-container-guard`, `stalled-container`: `dead-holder`, `dead-guard` and `stalled-holder` with such contenders.
 */
export type State = (typeof STATES)[number];

/** Whether each process has a PID namespace of its own. */
export function isInContainers(state: State): boolean {
  return PASTS[state].inContainers;
}

/** Whether one of the contenders has the lock, and was paused. */
export function isStalled(state: State): boolean {
  return state === 'stalled-holder' || state === 'stalled-container';
}

/** Whether it is what processes have left that were killed. */
export function hasDeaths(state: State): boolean {
  return PASTS[state].deaths.length > 0;
}

interface Item {
  readonly name: string;
  /** `null` for a folder. */
  readonly text: string | null;
}

/** Earlier processes, killed one after the other. */
interface Past {
  readonly inContainers: boolean;
  /** The calls before which they were killed. */
  readonly deaths: readonly string[];
}

const PASTS: Readonly<Record<State, Past>> = {
  free: onHost(),
  // At its heartbeat, before it entered the guard.
  'dead-holder': onHost('mkdir 2'),
  // A new lock that was not linked; a heartbeat that did not finish; a takeover that did not get into the guard.
  'dead-guard': onHost('link 1', 'replace 1', 'rename 1'),
  'stalled-holder': onHost(),
  'foreign-file': onHost(),
  'future-guard': onHost(),
  containers: inContainers(),
  'dead-container': inContainers('mkdir 2'),
  // The same three as above, of which the first had its sign of life beside the lock already; and one that did not yet listen at its sign.
  'dead-container-guard': inContainers('link 2', 'replace 1', 'rename 1', 'listen 1'),
  'stalled-container': inContainers(),
};

function onHost(...deaths: readonly string[]): Past {
  return { inContainers: false, deaths };
}

function inContainers(...deaths: readonly string[]): Past {
  return { inContainers: true, deaths };
}

const FIRST_PID = 1001;
const TEN_YEARS = 315_360_000_000;

/** Makes each state once, and copies it from then on. */
export class States {
  readonly #stage: Stage;
  readonly #items = new Map<string, readonly Item[]>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Must be called on an empty stage. */
  arrange(state: State, breakage: string): void {
    const key = `${state} ${breakage}`;
    const items = this.#items.get(key) ?? this.#make(state, breakage);
    this.#items.set(key, items);
    this.#stage.clear();
    const left = items.filter(({ name }) => !isStranger(name));
    for (const { name, text } of left) this.#put(join(this.#stage.folder, name), text);
    // Last, because adding entries changes a folder's time.
    for (const { name } of left) this.#age(join(this.#stage.folder, name));
    if (state === 'dead-guard' || state === 'dead-container-guard') plantStrangers(this.#stage.folder);
    if (state === 'foreign-file') plantForeignFile(this.#stage.path);
    if (state === 'future-guard') this.#leaveGuard(new Date(Date.now() + TEN_YEARS));
  }

  #leaveGuard(at: Date): void {
    const guard = `${this.#stage.path}.guard`;
    mkdirSync(guard);
    writeFileSync(join(guard, '00009998-0000-4000-8000-000000000001,1,0,1,another%20boot,,elsewhere'), '');
    utimesSync(guard, at, at);
  }

  #put(path: string, text: string | null): void {
    if (text === null) mkdirSync(path);
    else writeFileSync(path, path === this.#stage.path ? beatingNow(text, this.#stage) : text);
  }

  /** Everything was left behind long ago, but the lock is fresh: the holder's death alone must be the reason to take over. */
  #age(path: string): void {
    const age = path === this.#stage.path ? 0 : JUMP;
    const seconds = (this.#stage.world.wallClock - age) / 1000;
    utimesSync(path, seconds, seconds);
  }

  #make(state: State, breakage: string): Item[] {
    const { contenders, path, folder } = this.#stage;
    const [actor] = contenders;
    this.#stage.clear();
    const { inContainers, deaths } = PASTS[state];
    for (const [index, dies] of deaths.entries()) {
      const pid = FIRST_PID + index;
      actor?.start({ pid, inContainer: inContainers, path, script: 'job', stepped: false, dies, breakage });
      actor?.kill();
    }
    return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const found = join(entry.parentPath, entry.name);
      return {
        name: relative(folder, found),
        text: entry.isDirectory() ? null : readFileSync(found, 'utf8'),
      };
    });
  }
}

function beatingNow(text: string, { world }: Stage): string {
  return text
    .replace(/"timestamp":"[^"]*"/, `"timestamp":"${new Date(world.wallClock).toISOString()}"`)
    .replace(/"monotonic_ms":\d+/, `"monotonic_ms":${world.elapsed}`);
}
