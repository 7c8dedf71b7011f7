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
 * What others have written, fit for a terminal: a command line or a note may contain line breaks, sequences that would move
 * the cursor, or characters that turn the direction of writing (Unicode's "Trojan Source", CVE-2021-42574).
 */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, '\u{fffd}')
    .trim();
}
