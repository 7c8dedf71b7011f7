import type { Stage } from '../stage.js';

/** By what a store must do, how to find out whether it does. */
export type Rules = Readonly<Record<string, (stage: Stage) => Promise<void>>>;
