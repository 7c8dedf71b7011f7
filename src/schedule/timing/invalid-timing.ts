/** A text that does not describe a time. */
export class InvalidTiming extends Error {
  override name = 'InvalidTiming';
}
