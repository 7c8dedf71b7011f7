/** The value of an option or an operand is invalid. The message says what a valid one is. */
export class InvalidArgument extends Error {
  override name = 'InvalidArgument';
}
