import { appendFileSync, closeSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

// Both are watched by other means than the lock. Each line is added by a single write with `O_APPEND`, so the lines of
// several processes never mix and stand in the order of events (write(2)).

/** A room for one process at a time: a file that can be created only once, and a log of entries and exits. */
export class Room {
  readonly #door: string;
  readonly #log: string;

  constructor(folder: string) {
    this.#door = join(folder, 'door');
    this.#log = join(folder, 'log');
    // So that it can be read before anything has happened.
    appendFileSync(this.#log, '');
  }

  enter(pid: number): void {
    if (!this.#closeDoor()) this.#note(`${pid} finds somebody`);
    this.#note(`${pid} enters`);
  }

  leave(pid: number): void {
    this.#note(`${pid} leaves`);
    unlinkSync(this.#door);
  }

  get visits(): number {
    return this.#history.filter(({ what }) => what === 'enters').length;
  }

  /** Every moment at which two were inside. A process killed inside counts as gone. */
  overlaps(killed: ReadonlySet<number> = new Set()): string[] {
    const overlaps: string[] = [];
    let inside: number | null = null;
    for (const { pid, what, line } of this.#history) {
      const isAlone = inside === null || killed.has(inside);
      const isExpected = what === 'leaves' ? inside === pid : what === 'enters' ? isAlone : killed.size > 0;
      if (!isExpected) overlaps.push(`${line}, while ${inside ?? 'nobody'} is inside`);
      if (what !== 'finds somebody') inside = what === 'enters' ? pid : null;
    }
    return overlaps;
  }

  get #history(): { readonly pid: number; readonly what: string; readonly line: string }[] {
    return linesOf(this.#log).map((line) => {
      const [pid, ...what] = line.split(' ');
      return { pid: Number(pid), what: what.join(' '), line };
    });
  }

  #closeDoor(): boolean {
    try {
      closeSync(openSync(this.#door, 'wx'));
      return true;
    } catch {
      return false;
    }
  }

  #note(line: string): void {
    appendFileSync(this.#log, `${line}\n`);
  }
}

/**
 * A resource that holders write to, each time the lock has told them that they hold it. Unlike in a {@link Room}, a
 * stalled holder may be followed by another without having left; but once it was followed, it must not come back.
 */
export class Ledger {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  sign(pid: number): void {
    appendFileSync(this.#file, `${pid}\n`);
  }

  /** The holders in their order. One that came back after somebody else appears twice. */
  get holders(): number[] {
    return linesOf(this.#file)
      .map(Number)
      .filter((pid, index, all) => pid !== all[index - 1]);
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
