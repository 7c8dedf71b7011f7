import { ExitCode } from './exit-codes.js';

/** Ends the program with one line on stderr and this exit code. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** For wrong options and arguments. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(ExitCode.usage, message);
  }
}
