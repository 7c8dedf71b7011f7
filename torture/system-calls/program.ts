import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));
/** The bundle with the code of `livinglock run`. */
const RUN = join('bin', 'run.js');

type Edit = readonly [original: RegExp, broken: string];

/** A runner that fails after it has started its command, which it can, frees the lock while the command goes on. */
const ABANDONED_COMMAND: readonly Edit[] = [
  [/async function endAndWait\(.*\{/, '$& return;'],
  // The pipe of the output is opened only once the command has been started.
  [/, (\w+) = (new \S+Socket\({\s+fd: \w+,\s+readable: !0,\s+writable: !1\s+}\));/, ', $1 = () => $2;'],
  [/(open\(\) {\s+return \S+closeSync\(\w+\), \w+);/, '$1();'],
];

/** However long it took to confirm the lock, the command starts, even if the lock is stale by then. */
const LATE_START: readonly Edit[] = [
  [/async function confirm\((\w+), (\w+), \w+\) {/, '$& return $1.setWorkers($2);'],
];

/** What can be broken on purpose, to see whether it is found. Each was a fault of livinglock once. */
export const BREAKAGES: ReadonlyMap<string, readonly Edit[]> = new Map([
  ['abandoned-command', ABANDONED_COMMAND],
  ['late-start', LATE_START],
]);

/** livinglock as users have it, or a copy that is broken on purpose. */
export class Program {
  readonly #copy: string | null;
  /** The folder with all of its files. */
  readonly folder: string;

  /** @param breakage Empty: nothing is broken. */
  constructor(breakage: string) {
    const edits = BREAKAGES.get(breakage);
    this.#copy = edits === undefined ? null : mkdtempSync(join(tmpdir(), 'livinglock-calls-'));
    this.folder = this.#copy === null ? DIST : join(this.#copy, 'dist');
    if (edits === undefined) return;
    cpSync(DIST, this.folder, { recursive: true });
    const file = join(this.folder, RUN);
    writeFileSync(file, edits.reduce(apply, readFileSync(file, 'utf8')));
  }

  get path(): string {
    return join(this.folder, 'bin', 'livinglock.js');
  }

  remove(): void {
    if (this.#copy !== null) rmSync(this.#copy, { recursive: true, force: true });
  }
}

function apply(text: string, [original, broken]: Edit): string {
  const places = [...text.matchAll(new RegExp(original, 'g'))].length;
  if (places !== 1) throw new Error(`${places} places in ${RUN}, instead of one, match ${original}.`);
  return text.replace(original, broken);
}
