import { createInterface } from 'node:readline';

/** Asks on the terminal; `null` without one. */
export function confirm(question: string): Promise<boolean | null> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return Promise.resolve(null);
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  stderr.write(`${question} [y/N] `);
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()));
      lines.close();
    });
    // The end of the input is not a yes.
    lines.once('close', () => resolve(false));
  });
}
