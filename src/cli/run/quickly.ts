import { readQuickly } from '../quick-reading.js';
import { commandOf } from './command-line.js';
import { completeRunOptions, RUN_OPTIONS } from './read-options.js';

/** `livinglock run` with that command line, if it is in order; gives the exit code. */
export async function runQuickly(
  args: readonly string[],
  wrapped: readonly string[] | null,
): Promise<number | null> {
  const reading = readQuickly(args, RUN_OPTIONS);
  const [lock, ...excess] = reading?.operands ?? [];
  if (reading === null || lock === undefined || excess.length > 0) return null;
  const { command: line } = reading.given;
  // Neither or both: commander has the words.
  if ((wrapped === null) === (line === undefined)) return null;
  const { run } = await import('./run.js');
  return run(lock, commandOf(wrapped, line, ''), completeRunOptions(reading.given));
}
