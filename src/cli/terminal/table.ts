import type { Style, Terminal } from './terminal.js';
import { cut, filling, widthOf } from './text-width.js';

export interface Column<Row> {
  readonly title: string;
  /** Empty if there is nothing to say. */
  readonly text: (row: Row) => string;
  readonly style?: (row: Row) => Style;
  readonly isNumber?: boolean;
  /** Truncates a text that is too long. */
  readonly cut?: (text: string, columns: number) => string;
}

export interface Layout<Row> {
  readonly columns: readonly Column<Row>[];
  /** Columns that most rows leave empty; shown if any row fills them. */
  readonly occasional: ReadonlySet<Column<Row>>;
  /** Columns that shrink if the table is too wide, in this order, and the width that each keeps. */
  readonly givingWay: readonly (readonly [Column<Row>, number])[];
}

const GAP = '  ';

/** A line with titles, and one for each row. None is wider than the terminal. */
export function layOut<Row>(
  all: readonly Row[],
  { columns: possible, occasional, givingWay }: Layout<Row>,
  terminal: Terminal,
): string[] {
  const rows = all.map((row) => ({
    row,
    texts: new Map(possible.map((column) => [column, column.text(row)])),
  }));
  const columns = possible.filter(
    (column) => !occasional.has(column) || rows.some(({ texts }) => texts.get(column) !== ''),
  );
  const natural = columns.map((column): [Column<Row>, number] => {
    const widths = rows.map(({ texts }) => widthOf(texts.get(column) ?? ''));
    return [column, Math.max(widthOf(column.title), ...widths)];
  });
  const widths = giveWay(new Map(natural), givingWay, terminal.columns);
  return [
    line(
      widths,
      terminal.columns,
      ({ title }) => title,
      (text) => terminal.paint('bold', text),
    ),
    ...rows.map(({ row, texts }) =>
      line(
        widths,
        terminal.columns,
        (column) => texts.get(column) || '-',
        (text, { style }) => (style === undefined ? text : terminal.paint(style(row), text)),
      ),
    ),
  ];
}

/** The widths of the columns, after those that can shrink have done so. */
function giveWay<Row>(
  natural: ReadonlyMap<Column<Row>, number>,
  givingWay: Layout<Row>['givingWay'],
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

/** Columns that do not fit even then are left out, from the right. */
function line<Row>(
  widths: ReadonlyMap<Column<Row>, number>,
  room: number,
  textOf: (column: Column<Row>) => string,
  paint: (text: string, column: Column<Row>) => string,
): string {
  const parts: string[] = [];
  let left = room;
  for (const [column, width] of widths) {
    if (left <= 0) break;
    const text = (column.cut ?? cut)(textOf(column), Math.min(width, left));
    const spaces = filling(text, Math.min(width, left));
    const painted = paint(text, column);
    parts.push(column.isNumber ? `${spaces}${painted}` : `${painted}${spaces}`);
    left -= width + GAP.length;
  }
  return parts.join(GAP).trimEnd();
}
