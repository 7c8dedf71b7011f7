import { readQuickly } from '../quick-reading.js';
import { BEAT_OPTIONS, beat } from './beat.js';

/** `livinglock beat` with that command line, if it is in order; gives the exit code. */
export async function beatQuickly(args: readonly string[]): Promise<number | null> {
  const reading = readQuickly(args, BEAT_OPTIONS);
  return reading === null || reading.operands.length > 0 ? null : beat(reading.given);
}
