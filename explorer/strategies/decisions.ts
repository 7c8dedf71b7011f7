import fc from 'fast-check';
import type { Action } from '../schedule.js';

/** Random schedules. Any part of one is a schedule too, so that fast-check can shrink a failing one. */
export function schedules(contenders: number): fc.Arbitrary<Action[]> {
  const who = fc.nat({ max: contenders - 1 });
  const calls = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
  );
  const move = fc.tuple(who, calls).map(([mover, count]) => times(count, { do: 'go', who: mover }));
  const kill = who.map((victim): Action[] => [{ do: 'kill', who: victim }]);
  const jump = fc.constant<Action[]>([{ do: 'jump' }]);
  return fc
    .array(
      fc.oneof(
        { weight: 16, arbitrary: move },
        { weight: 1, arbitrary: kill },
        { weight: 1, arbitrary: jump },
      ),
      { maxLength: 40, size: 'max' },
    )
    .map((actions) => actions.flat());
}

function times(count: number, action: Action): Action[] {
  return Array.from({ length: count }, () => action);
}
