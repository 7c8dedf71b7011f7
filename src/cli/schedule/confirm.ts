import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import { writeWithoutBlocking } from '../terminal/write-all.js';

/** Asks on the terminal; `null` without one. */
export async function confirm(question: string): Promise<boolean | null> {
  if (!isatty(0) || !isatty(2)) return null;
  await writeWithoutBlocking(2, Buffer.from(`${question} [y/N] `));
  const lines = createInterface({ input: process.stdin, terminal: false });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()));
      lines.close();
    });
    // The end of the input is not a yes.
    lines.once('close', () => resolve(false));
  });
}
