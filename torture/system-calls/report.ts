import type { Case } from './cases.js';
import type { Evidence, Fate } from './judge.js';
import type { CallsOptions } from './options.js';
import { commandLine } from './round.js';
import { injectionOptions } from './strace.js';

const FATES: readonly Fate[] = ['unharmed', 'reported', 'not started', 'cut short', 'killed'];
const WIDTH = 13;

type Row = Record<Fate | 'runs' | 'met', number>;

/** What the runs have come to. */
export class Tally {
  readonly #options: CallsOptions;
  readonly #rows = new Map<string, Row>();
  readonly #begin = performance.now();
  runs = 0;
  /** The runs in which the fault was met. */
  hits = 0;
  violations = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get seconds(): number {
    return (performance.now() - this.#begin) / 1000;
  }

  add({ fault: { call } }: Case, fate: Fate, isMet: boolean, violations: number): void {
    this.runs += 1;
    if (isMet) this.hits += 1;
    if (violations > 0) this.violations += 1;
    const row = this.#rows.get(call) ?? emptyRow();
    row.runs += 1;
    if (isMet) {
      row.met += 1;
      row[fate] += 1;
    }
    this.#rows.set(call, row);
  }

  describeProgress({ name, fault: { call, error, when } }: Case): string {
    return `${this.runs} runs, ${Math.round(this.seconds)} s, ${this.violations} violations; ${name}: ${error} at ${call} ${when}`;
  }

  /** A table for people: what became of the runs in which the fault was met. */
  format(): string {
    const columns = ['runs', 'met', ...FATES] as const;
    const rows = [...this.#rows].toSorted(([one], [other]) => one.localeCompare(other));
    return [
      `seed ${this.#options.seed}, ${this.runs} runs in ${Math.round(this.seconds)} s`,
      '',
      line('call', columns),
      ...rows.map(([call, row]) =>
        line(
          call,
          columns.map((column) => row[column]),
        ),
      ),
      '',
      this.#verdict(),
    ].join('\n');
  }

  #verdict(): string {
    if (this.hits === 0) return 'violations: unknown, because no fault was met';
    return `violations: ${this.violations === 0 ? '0: all that must hold did' : this.violations}`;
  }
}

/** With the command line that repeats it. */
export function describeViolation(each: Case, evidence: Evidence, violations: readonly string[]): string {
  const { name, fault } = each;
  const { call, error, when } = fault;
  const { lock } = each.job;
  const before =
    lock === 'free' ? '' : `  (the lock is ${lock === 'held' ? 'held' : 'left behind by a dead run'})`;
  return [
    `VIOLATION in ${name}, ${error} at ${call} ${when}`,
    ...violations.map((violation) => `  ${violation}`),
    `  at: ${evidence.injected ?? 'not met'}`,
    `  ended with ${evidence.victim.code ?? evidence.victim.signal}: ${evidence.victim.errors.trim() || 'no message'}`,
    `  ${commandLine(each, injectionOptions(fault).map(quoted))}${before}`,
    `  npm run torture:calls -- --every --job ${name} --call ${call} --error ${error} --when ${when}`,
  ].join('\n');
}

function quoted(text: string): string {
  return /[^\w=:,+-]/.test(text) ? `'${text}'` : text;
}

function line(name: string, cells: readonly (string | number)[]): string {
  return `${name.padEnd(WIDTH)}${cells.map((cell) => String(cell).padStart(WIDTH)).join('')}`;
}

function emptyRow(): Row {
  return { runs: 0, met: 0, unharmed: 0, reported: 0, 'not started': 0, 'cut short': 0, killed: 0 };
}
