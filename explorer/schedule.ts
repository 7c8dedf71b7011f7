/** One decision of a scheduler. Contenders are numbered from 0. */
export type Action =
  /** The contender makes its next call. */
  | { readonly do: 'go'; readonly who: number }
  /** The contender dies before its next call. */
  | { readonly do: 'kill'; readonly who: number }
  /** The clock jumps, so that every heartbeat is stale: whoever holds the lock was paused all that time. */
  | { readonly do: 'jump' };

export const LETTERS = 'ABCDEFGH';
const FIRST_LETTER = LETTERS.charCodeAt(0);

/** A schedule as a word for a command line: `A12-xA-t-B3` lets A make 12 calls, kills it, lets time pass, and lets B make 3. */
export function formatSchedule(actions: readonly Action[]): string {
  const words: string[] = [];
  for (let at = 0; at < actions.length; ) {
    const action = actions[at];
    if (action === undefined) break;
    let count = 1;
    if (action.do === 'go') while (isGo(actions[at + count], action.who)) count++;
    words.push(format(action, count));
    at += count;
  }
  return words.join('-');
}

export function parseSchedule(text: string): Action[] {
  return text === '' ? [] : text.split('-').flatMap(parse);
}

function isGo(action: Action | undefined, who: number): boolean {
  return action?.do === 'go' && action.who === who;
}

function format(action: Action, count: number): string {
  switch (action.do) {
    case 'go':
      return `${LETTERS.charAt(action.who)}${count}`;
    case 'kill':
      return `x${LETTERS.charAt(action.who)}`;
    case 'jump':
      return 't';
  }
}

function parse(word: string): Action[] {
  const [, killed, mover, count] = /^(?:t|x([A-H])|([A-H])(\d{1,5}))$/.exec(word) ?? [];
  if (killed !== undefined) return [{ do: 'kill', who: numberOf(killed) }];
  if (mover !== undefined)
    return Array.from({ length: Number(count) }, () => ({ do: 'go', who: numberOf(mover) }));
  if (word === 't') return [{ do: 'jump' }];
  throw new RangeError(
    `A schedule is made of words such as A12, xA and t, but not of ${JSON.stringify(word)}.`,
  );
}

function numberOf(letter: string): number {
  return letter.charCodeAt(0) - FIRST_LETTER;
}
