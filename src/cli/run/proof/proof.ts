import { InvalidArgument } from '../../grammar/parse-value.js';

/** Kinds of proof that one word names. */
export const PROOFS = ['alive', 'output', 'manual'] as const;

/** What counts as proof that a command is at work. */
export type Proof = { readonly by: (typeof PROOFS)[number] } | { readonly by: 'file'; readonly path: string };

/** The prefix of a file's path. */
export const FILE_PROOF = 'file:';

export function parseProof(text: string): Proof {
  const named = PROOFS.find((proof) => proof === text);
  if (named !== undefined) return { by: named };
  if (text.startsWith(FILE_PROOF) && text !== FILE_PROOF) {
    return { by: 'file', path: text.slice(FILE_PROOF.length) };
  }
  throw new InvalidArgument('It must be one of alive, output, manual, file:PATH.');
}

/**
 * In words, for the message about a command that has given no proof.
 *
 * @param isHeldUp Whether what it has written is not being read.
 */
export function describeMissingProof(proof: Proof, isHeldUp: boolean): string {
  switch (proof.by) {
    case 'alive':
      return 'it has not been seen alive';
    case 'output':
      return isHeldUp ? 'its output has not been read' : 'it has not written anything';
    case 'manual':
      return 'it has not called `livinglock beat`';
    case 'file':
      return `${proof.path} has not changed`;
  }
}

/** What else would look like missing proof, for the same message; empty if there is nothing to say. */
export function hintOn(proof: Proof, isHeldUp: boolean): string {
  if (proof.by !== 'output') return '';
  return isHeldUp
    ? ' Check what reads it: the next command in the pipe, or a terminal after Ctrl-S.'
    : ' A program that buffers its output looks the same: `python -u` or `stdbuf -oL` makes it write at once.';
}
