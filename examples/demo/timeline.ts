import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** For people's eyes only: plain where the output goes to a file, and wherever NO_COLOR asks for it (no-color.org). */
const IN_COLOUR = process.stdout.isTTY && !process.env['NO_COLOR'] && process.stdout.hasColors();

const STYLES: readonly Style[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];

/** Tells who did what, and when. */
export class Timeline {
  readonly #start = performance.now();
  readonly #actors: string[] = [];
  #acts = 0;

  /** Since the beginning, in milliseconds. */
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

  /** What they have printed themselves. */
  quote(who: string, lines: readonly string[]): void {
    for (const line of lines.flatMap(wrap)) this.say(who, paint('dim', `| ${line}`));
  }

  verdict(holds: boolean, fact: string): void {
    this.#line(' '.repeat(8), holds ? paint('green', `ok: ${fact}`) : paint('red', `NOT SO: ${fact}`));
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

/** Into lines that fit beside the columns for time and name, broken between words only, so that paths stay whole. */
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
