/** The value of an option that is none. commander knows it by its code, and says which option it was. */
export class InvalidArgument extends Error {
  readonly code = 'commander.invalidArgument';
  readonly exitCode = 1;
}
