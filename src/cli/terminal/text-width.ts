import stringWidth from 'string-width';

// Texts in a terminal's columns, of which a Chinese or Japanese character takes two, and an accent none.
// cli-truncate 5, the last for Node 20, is no substitute: where half a character has room it shows the whole one, and the line is a column too wide.

/** How many columns the text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cuts a text to so many columns, where it is longer. */
export function cut(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : `${head(characters(text), columns - 1)}${ellipsis(columns)}`;
}

/** The same for a text whose end tells more than its beginning: a path. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const kept = head(characters(text).reverse(), columns - 1);
  return `${ellipsis(columns)}${characters(kept).reverse().join('')}`;
}

/** The spaces that a text lacks to so many columns. */
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

/** What a reader takes for one: with its accents, and a family of emoji as a whole. */
function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
