/**
 * Milliseconds on the one clock that all processes of a machine share and nobody can set, and exactly that clock: two
 * processes can say by it which of them was first, without any file in common. (`systemClock.monotonic()` is quicker, and
 * by some microseconds another in each process.)
 */
export function bootTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
