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
] as const;

/**
 * - `free`: there is nothing.
 * - `dead-holder`: the lock of a process that was killed just now.
 * - `dead-guard`: the same, but killed in the middle of a heartbeat, so inside the guard; plus every kind of litter, beside a user's files.
 * - `stalled-holder`: one of the contenders has the lock, and was paused for longer than the stale timeout.
 * - `foreign-file`: a user's file is at the lock's path.
 * - `future-guard`: a process about which nothing is known is in the guard, since a time that is years ahead.
 */
export type State = (typeof STATES)[number];

interface Item {
  readonly name: string;
  /** `null` for a folder. */
  readonly text: string | null;
}

/** The calls before which earlier processes were killed, one after the other. */
const DEATHS: Readonly<Record<State, readonly string[]>> = {
  free: [],
  'dead-holder': ['mkdir 1'],
  // A new lock that was not linked; a heartbeat that did not finish; a takeover that did not get into the guard.
  'dead-guard': ['link 1', 'replace 1', 'rename 1'],
  'stalled-holder': [],
  'foreign-file': [],
  'future-guard': [],
};

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
    if (state === 'dead-guard') plantStrangers(this.#stage.folder);
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
    for (const [index, dies] of DEATHS[state].entries()) {
      actor?.start({ pid: FIRST_PID + index, path, script: 'job', stepped: false, dies, breakage });
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
