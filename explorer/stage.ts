import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contender } from './contender.js';
import { LETTERS } from './schedule.js';
import { isStranger } from './strangers.js';
import { World } from './world.js';

/** A file system in memory if there is one, because each schedule makes hundreds of calls. */
const MEMORY = '/dev/shm';

/** The place where schedules are played, one after another: the contenders' threads, their world, and a real folder. */
export class Stage implements AsyncDisposable {
  readonly world: World = World.create();
  readonly contenders: readonly Contender[];
  readonly folder: string;
  readonly #root: string;

  constructor(contenders: number) {
    this.#root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'livinglock-explorer-'));
    this.folder = join(this.#root, 'stage');
    this.contenders = [...LETTERS.slice(0, contenders)].map((letter) => new Contender(letter, this.world));
  }

  /** The path of the lock. */
  get path(): string {
    return join(this.folder, 'job.lock');
  }

  /** The names in the folder, except for those of others. */
  get files(): string[] {
    return readdirSync(this.folder)
      .filter((name) => !isStranger(name))
      .sort();
  }

  /** The age of folders counts by the machine's clock, so they grow older by themselves. */
  letPass(milliseconds: number): void {
    this.world.pass(milliseconds);
    for (const name of this.files) {
      const path = join(this.folder, name);
      const status = lstatSync(path);
      const seconds = (status.mtimeMs - milliseconds) / 1000;
      if (status.isDirectory()) utimesSync(path, seconds, seconds);
    }
  }

  /** Only the elapsed time is left of what was played before. */
  clear(): void {
    for (const contender of this.contenders) contender.kill();
    this.world.reset();
    if (existsSync(this.folder)) {
      if (readdirSync(this.folder).length === 0) return;
      rmSync(this.folder, { recursive: true });
    }
    mkdirSync(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const contender of this.contenders) contender.kill();
    await Promise.all(this.contenders.map((contender) => contender.end()));
    rmSync(this.#root, { recursive: true, force: true });
  }
}
