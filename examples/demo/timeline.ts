import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Only on a terminal, and only without NO_COLOR (no-color.org). */
const IN_COLOUR = process.stdout.isTTY && !process.env['NO_COLOR'] && process.stdout.hasColors();

const STYLES: readonly Style[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];

/** Prints who did what, and when. */
export class Timeline {
  readonly #start = performance.now();
  readonly #actors: string[] = [];
  #acts = 0;

  /** Milliseconds since the start. */
  get elapsed(): number {
    return performance.now() - this.#start;
  }

  act(title: string): void {
    this.#acts += 1;
    console.log(`\n${paint('bold', `${this.#acts}. ${title}`)}\n`);
  }

  say(who: string, what: string): void {
    this.#line(paint(this.#styleOf(who), who.padEnd(8)), what);
  }

  /** Shows lines that a process has printed. */
  quote(who: string, lines: readonly string[]): void {
    for (const line of lines.flatMap(wrap)) this.say(who, paint('dim', `| ${line}`));
  }

  verdict(holds: boolean, fact: string): void {
    this.#line(' '.repeat(8), holds ? paint('green', `ok: ${fact}`) : paint('red', `FAILED: ${fact}`));
  }

  #line(who: string, what: string): void {
    const seconds = (this.elapsed / 1000).toFixed(2).padStart(6);
    console.log(`${paint('dim', `${seconds} s`)}  ${who}  ${what}`);
  }

  #styleOf(who: string): Style {
    if (!this.#actors.includes(who)) this.#actors.push(who);
    return STYLES[this.#actors.indexOf(who) % STYLES.length] ?? 'white';
  }
}

/** Breaks lines between words only, so that paths stay whole. */
function wrap(text: string): string[] {
  const width = Math.max(40, (process.stdout.columns || 120) - 24);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function paint(style: Style, text: string): string {
  return IN_COLOUR ? styleText(style, text) : text;
}
