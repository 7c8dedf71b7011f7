import type { Task } from './job.js';
import type { RunSettings } from './options/run-options.js';

export function isOutputKept({ output: { passOn, log } }: RunSettings): boolean {
  return passOn !== 'always' || log !== null;
}

/** Loaded only where an option asks for it. */
export const loadKeptOutput = () => import('./output/kept/kept-output.js');

/** Called before a run waits: meanwhile the package may be removed, or replaced by another version. What fails now fails again when it is needed. */
export async function loadAll({ options, recorder }: Pick<Task, 'options' | 'recorder'>): Promise<void> {
  await Promise.allSettled([recorder.load(), isOutputKept(options) && loadKeptOutput()]);
}
