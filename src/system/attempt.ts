import { systemCode } from './system-code.js';

/**
 * What the function returns, or the other value if it throws: for a question to the system to which an error is an answer.
 *
 * @param codes The system's codes of the errors that are answers; any other is thrown. Default: every error is one.
 */
export function attempt<T, U>(act: () => T, otherwise: U, codes?: readonly string[]): T | U {
  try {
    return act();
  } catch (error) {
    if (codes === undefined || codes.includes(systemCode(error) ?? '')) return otherwise;
    throw error;
  }
}
