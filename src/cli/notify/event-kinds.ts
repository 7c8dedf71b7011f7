import { InvalidArgument } from '../grammar/invalid-argument.js';

/** The events that `--notify-on` can name, in the order in which the documentation explains them. */
export const EVENT_KINDS = ['start', 'stall', 'lost', 'success', 'failure', 'skip'] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** The events that are told if `--notify-on` is not given. */
export const USUAL_KINDS: readonly EventKind[] = ['failure', 'stall', 'lost'];

/** The value of `--notify-on`: names, separated by commas. */
export function parseKinds(text: string): readonly EventKind[] {
  return text.split(',').map((word) => {
    const kind = EVENT_KINDS.find((each) => each === word.trim());
    if (kind !== undefined) return kind;
    throw new InvalidArgument(`It must be one or more of ${EVENT_KINDS.join(', ')}, separated by commas.`);
  });
}
