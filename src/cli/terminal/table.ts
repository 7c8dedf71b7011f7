import type { Style, Terminal } from './terminal.js';
import { cut, filling, widthOf } from './text-width.js';

export interface Column<Row> {
  readonly title: string;
  /** Empty if there is nothing to say. */
  readonly text: (row: Row) => string;
  readonly style?: (row: Row) => Style;
  readonly isNumber?: boolean;
  /** Whether most rows leave it empty: it is shown if any row fills it. */
  readonly isOccasional?: boolean;
  /** Truncates a text that is too long. */
  readonly cut?: (text: string, columns: number) => string;
}

/** Columns that shrink if the table is too wide, in this order, and the width that each keeps. */
export type GivingWay<Row> = readonly (readonly [Column<Row>, number])[];

const GAP = '  ';

/** A line with titles, and one for each row. None is wider than the terminal. */
export function layOut<Row>(
  rows: readonly Row[],
  possible: readonly Column<Row>[],
  givingWay: GivingWay<Row>,
  terminal: Terminal,
): string[] {
  const columns = possible
    // By column, because a table may have thousands of rows.
    .map((column) => ({ column, texts: rows.map(column.text) }))
    .filter(({ column, texts }) => column.isOccasional !== true || texts.some((text) => text !== ''));
  const widths = giveWay(
    new Map(columns.map(({ column, texts }) => [column, widest([column.title, ...texts])])),
    givingWay,
    terminal.columns,
  );
  const titles = columns.map(({ column }): Cell<Row> => ({ column, text: column.title, style: 'bold' }));
  const cellsOf = (row: Row, index: number): Cell<Row>[] =>
    columns.map(({ column, texts }) => ({ column, text: texts[index] || '-', style: column.style?.(row) }));
  return [titles, ...rows.map(cellsOf)].map((cells) => line(cells, widths, terminal));
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, widthOf(text)), 0);
}

/** The widths of the columns, after those that can shrink have done so. */
function giveWay<Row>(
  natural: ReadonlyMap<Column<Row>, number>,
  givingWay: GivingWay<Row>,
  room: number,
): ReadonlyMap<Column<Row>, number> {
  const widths = new Map(natural);
  const taken = [...widths.values()].reduce((sum, width) => sum + width, GAP.length * (widths.size - 1));
  let excess = taken - room;
  for (const [column, kept] of givingWay) {
    const width = widths.get(column) ?? 0;
    const cut = Math.min(width - kept, excess);
    if (cut <= 0) continue;
    widths.set(column, width - cut);
    excess -= cut;
  }
  return widths;
}

interface Cell<Row> {
  readonly column: Column<Row>;
  readonly text: string;
  readonly style: Style | undefined;
}

/** Columns that do not fit even then are left out, from the right. */
function line<Row>(
  cells: readonly Cell<Row>[],
  widths: ReadonlyMap<Column<Row>, number>,
  terminal: Terminal,
): string {
  const parts: string[] = [];
  let left = terminal.columns;
  for (const { column, text: whole, style } of cells) {
    if (left <= 0) break;
    const width = widths.get(column) ?? 0;
    const text = (column.cut ?? cut)(whole, Math.min(width, left));
    const spaces = filling(text, Math.min(width, left));
    const painted = style === undefined ? text : terminal.paint(style, text);
    parts.push(column.isNumber ? `${spaces}${painted}` : `${painted}${spaces}`);
    left -= width + GAP.length;
  }
  return parts.join(GAP).trimEnd();
}
