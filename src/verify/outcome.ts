import type { FileSystemFinding, FileSystemVerdict } from './file-system-report.js';

/** A finding of which it is clear what was looked at. */
export type Outcome = Omit<FileSystemFinding, 'check'>;

export const safe = outcome('safe');
export const limited = outcome('limited');
export const unsafe = outcome('unsafe');

function outcome(verdict: FileSystemVerdict): (message: string) => Outcome {
  return (message) => ({ verdict, message });
}

/** `once`, `3 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
