import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** What a stream can display. */
export interface Terminal {
  /** How many columns a line may have. */
  readonly columns: number;
  paint(style: Style, text: string): string;
}

/** Columns to assume if a terminal does not report them. */
const USUAL_COLUMNS = 80;

/** A terminal has a width, and colours unless `NO_COLOR` is set (no-color.org). Anything else has neither. */
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
