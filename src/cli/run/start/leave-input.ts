import { existsSync, fstatSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { letGo } from '../../terminal/let-go.js';

/**
 * Must be called when the command has been started for the last time. If it closes its input, whoever writes that must notice (SIGPIPE), and may end.
 * A terminal has no such writer, and this process still asks whether it is on one.
 */
export function leaveInput(): void {
  if (process.platform === 'win32' || !existsSync('/dev/null')) return;
  if (attempt(() => fstatSync(0).isCharacterDevice(), true)) return;
  letGo(0);
}
