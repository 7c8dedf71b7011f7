/** How far each phase went. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #complete = new Set<string>();

  add(phase: string, schedules: number): void {
    this.#counts.set(phase, (this.#counts.get(phase) ?? 0) + schedules);
  }

  /** The phase is exhausted. */
  complete(phase: string): void {
    this.#complete.add(phase);
  }

  format(): string {
    return [...this.#counts]
      .map(
        ([phase, count]) =>
          `${String(count).padStart(9)}  ${phase}${this.#complete.has(phase) ? ', all of them' : ''}`,
      )
      .join('\n');
  }
}
