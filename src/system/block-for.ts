/** Blocks the whole thread, for callers that must not yield to the event loop. */
export function blockFor(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
