import { writeSync } from 'node:fs';

/** Says something on stderr, in one line however many the text has. */
export function say(text: string): void {
  try {
    writeSync(2, `livinglock: ${oneLine(text)}\n`);
  } catch {
    // Nobody listens; that is no reason to leave a command unwatched.
  }
}

/** Writes lines to stdout; resolves when they are written, which on Windows is later when it is a pipe. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

/**
 * What others have written, fit for a terminal: a command line or a note may contain line breaks, or sequences that would move
 * the cursor.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\u{fffd}')
    .trim();
}
