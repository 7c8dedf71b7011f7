import stringWidth from 'string-width';

// The width of texts in columns of a terminal. A Chinese or Japanese character takes two, an accent none.
// cli-truncate 5, the last version for Node 20, cannot replace this: if half a character fits it shows the whole one, and the line is a column too wide.

/** What takes one column: ASCII, and the ellipsis that `cut` adds. */
const NARROW = /^[\x20-\x7e…]*$/;

/** How many columns the text takes. */
export function widthOf(text: string): number {
  // Most texts are in ASCII, a table may have thousands of them, and to load string-width takes as long as to start Node.
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Truncates a longer text to this many columns. */
export function cut(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : `${head(characters(text), columns - 1)}${ellipsis(columns)}`;
}

/** Same, for a text whose end says more than its beginning: a path. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const kept = head(characters(text).reverse(), columns - 1);
  return `${ellipsis(columns)}${characters(kept).reverse().join('')}`;
}

/** The spaces that pad a text to this many columns. */
export function filling(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text)));
}

function head(from: readonly string[], columns: number): string {
  let fitting = '';
  let room = columns;
  for (const character of from) {
    room -= widthOf(character);
    if (room < 0) break;
    fitting += character;
  }
  return fitting;
}

function ellipsis(columns: number): string {
  return columns > 0 ? '…' : '';
}

/** What a reader sees as one character: with its accents, and a family of emoji as a whole. */
function characters(text: string): string[] {
  if (NARROW.test(text)) return [...text];
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
