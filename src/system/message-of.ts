import { isError } from './is-error.js';

/** The message of an error; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
