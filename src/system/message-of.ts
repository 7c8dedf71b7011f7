import { isError } from './is-error.js';
import { readable } from './system-code.js';

/** The message of an error; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? readable(error.message) : String(error);
}
