import { attempt } from '../../../system/attempt.js';
import { aroundMessages } from '../../terminal/messages.js';

/**
 * Tells whether something has changed since the last look. What messages of the runner change is not work of the command.
 *
 * @param state Describes it; `null` while it is missing, which is no change. What it throws, a look throws.
 */
export function watchState(state: () => string | null): () => boolean {
  let seen: string | null = null;
  let hasChanged = false;
  const look = () => {
    const now = state();
    if (now !== null && now !== seen) hasChanged = true;
    seen = now ?? seen;
  };
  // What it throws, the next look reports.
  const lookIfPossible = () => attempt(look, undefined);
  lookIfPossible();
  hasChanged = false;
  aroundMessages((write) => {
    lookIfPossible();
    const before = hasChanged;
    write();
    lookIfPossible();
    hasChanged = before;
  });
  return () => {
    look();
    const answer = hasChanged;
    hasChanged = false;
    return answer;
  };
}
