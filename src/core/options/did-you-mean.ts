import distance from 'leven';

/** How many letters of a word may differ, and what share of them. */
const MOST_TYPOS = 3;
const MOST_WRONG = 0.6;

/** From this length on, the input counts as the beginning of a word, not as a typo in a shorter one. */
const SHORTEST_BEGINNING = 3;

/**
 * The words that a truncated or misspelt one may stand for: those that begin with it, or else those with the fewest typos; in alphabetical
 * order. Ignores case, and hyphens at the beginning.
 */
export function similarTo(word: string, known: readonly string[]): readonly string[] {
  const begun = known.filter((other) => other.toLowerCase().startsWith(word.toLowerCase()));
  if (begun.length > 0 && lengthOf(word) >= SHORTEST_BEGINNING) return begun.toSorted();
  const candidates = known
    .map((other) => ({ other, typos: typosBetween(word, other) }))
    .filter(({ other, typos }) => typos <= MOST_TYPOS && typos < MOST_WRONG * lengthOf(other, word));
  const fewest = Math.min(...candidates.map(({ typos }) => typos));
  return candidates
    .filter(({ typos }) => typos === fewest)
    .map(({ other }) => other)
    .toSorted();
}

function typosBetween(one: string, other: string): number {
  return distance(one.toLowerCase(), other.toLowerCase());
}

/** Without the hyphens that every option of the command begins with. */
function lengthOf(...words: readonly string[]): number {
  return Math.max(...words.map((word) => word.replace(/^--/, '').length));
}
