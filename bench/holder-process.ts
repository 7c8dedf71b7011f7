import { fileURLToPath } from 'node:url';
import { HolderProcess } from '../support/holder-process.js';
import type { Rival } from './rivals/rival.js';

const PROGRAM = fileURLToPath(new URL('./holder.js', import.meta.url));

/** Another process that holds a lock as a rival does. */
export class Holder extends HolderProcess {
  readonly rival: Rival;

  private constructor(rival: Rival, path: string) {
    super(PROGRAM, path, [rival.kind]);
    this.rival = rival;
  }

  /** Resolves once it holds the lock. */
  static async start(rival: Rival, path: string): Promise<Holder> {
    const holder = new Holder(rival, path);
    await holder.held();
    return holder;
  }
}
