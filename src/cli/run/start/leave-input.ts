import { existsSync, fstatSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { letGo } from '../../terminal/let-go.js';

/** How many milliseconds to wait for what opens files. */
const PAUSE = 50;
/** What other threads of this process do that may open a file, as Node names it. */
const OPENING = /^(?:FSReq|GetAddrInfo)/;

/**
 * Must be called when the command has been started for the last time. If it closes its input, whoever writes that must notice (SIGPIPE), and may end.
 * A terminal has no such writer, and this process still asks whether it is on one.
 */
export function leaveInput(): void {
  if (process.platform === 'win32' || !existsSync('/dev/null')) return;
  if (attempt(() => fstatSync(0).isCharacterDevice(), true)) return;
  whenNothingOpens(() => letGo(0));
}

/** Calls back at a moment when no other thread opens a file: it would get the number of the input between closing that and opening another. */
export function whenNothingOpens(act: () => void, active = () => process.getActiveResourcesInfo()): void {
  if (!active().some((name) => OPENING.test(name))) act();
  else setTimeout(whenNothingOpens, PAUSE, act, active).unref();
}
