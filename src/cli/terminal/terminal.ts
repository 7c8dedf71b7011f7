import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** What may be written to a stream. */
export interface Terminal {
  /** How many columns a line may have. */
  readonly columns: number;
  paint(style: Style, text: string): string;
}

/** Columns that a terminal has which does not tell. */
const USUAL_COLUMNS = 80;

/** A terminal in its width and with colours, unless `NO_COLOR` is set (no-color.org); anything else without both. */
export function terminal({
  isTTY,
  columns,
}: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): Terminal {
  if (isTTY !== true) return PLAIN;
  const { NO_COLOR, TERM } = process.env;
  return {
    columns: columns || USUAL_COLUMNS,
    paint:
      NO_COLOR || TERM === 'dumb'
        ? PLAIN.paint
        : (style, text) => styleText(style, text, { validateStream: false }),
  };
}

const PLAIN: Terminal = { columns: Number.POSITIVE_INFINITY, paint: (_style, text) => text };
