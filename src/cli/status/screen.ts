import { oneLine } from '../../core/describe-holder.js';
import { cut, widthOf } from '../terminal/text-width.js';

/** The part of a terminal's stream that a {@link Screen} needs. */
interface TerminalStream {
  readonly columns: number;
  readonly rows: number;
  write(text: string, done: () => void): void;
}

const CLEAR_REST_OF_LINE = '\u{1b}[K';
const CLEAR_BELOW = '\u{1b}[J';

/**
 * Redraws a terminal in place. What stood above stays, and so does the last frame.
 *
 * log-update 7, the last version for Node 20, cannot do this: it does not know how a terminal that became narrower wrapped the
 * lines, and of too many lines it shows the last ones, without the titles.
 */
export class Screen {
  readonly #stream: TerminalStream;
  /** How many columns each line of the frame takes. */
  #drawn: readonly number[] = [];

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** The longest line. In its last column a terminal delays the line break, and clearing then erases that column. */
  get columns(): number {
    return Math.max(1, (this.#stream.columns || 80) - 1);
  }

  /** Lines may be coloured, but then must not be longer than {@link columns}. */
  draw(lines: readonly string[]): Promise<void> {
    const fitting = this.#fit(lines);
    const up = this.#height();
    this.#drawn = fitting.map(widthOf);
    const text = fitting.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
    return new Promise((resolve) => {
      this.#stream.write(`\r${up > 0 ? `\u{1b}[${up}A` : ''}${text}${CLEAR_BELOW}`, resolve);
    });
  }

  /** The terminal may have become narrower since, and may have wrapped the lines. */
  #height(): number {
    const columns = this.#stream.columns || 80;
    return this.#drawn.reduce((height, width) => height + Math.max(1, Math.ceil(width / columns)), 0);
  }

  /** What has scrolled out of the terminal cannot be redrawn. */
  #fit(lines: readonly string[]): readonly string[] {
    const room = Math.max(2, (this.#stream.rows || 24) - 1);
    const shown =
      lines.length <= room
        ? lines
        : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more lines`];
    return shown.map((line) => (widthOf(line) <= this.columns ? line : cut(oneLine(line), this.columns)));
  }
}
