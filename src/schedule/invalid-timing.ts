/** A text that is no time at which something could run. */
export class InvalidTiming extends Error {
  override name = 'InvalidTiming';
}
