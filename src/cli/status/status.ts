import { print, say } from '../report.js';
import { terminal } from '../terminal.js';
import { exitCodeFor, look } from './look.js';
import { picture } from './picture.js';

/** Prints the state of locks once, and gives the exit code. */
export async function status(names: readonly string[], isJson: boolean): Promise<number> {
  const seen = await look(names);
  for (const failure of seen.failures) say(failure);
  if (isJson) {
    await print(JSON.stringify(seen.locks, null, 2));
  } else if (seen.failures.length === 0 || seen.locks.length > 0) {
    await print(picture(seen.locks, terminal(process.stdout)).join('\n'));
  }
  return exitCodeFor(seen);
}
