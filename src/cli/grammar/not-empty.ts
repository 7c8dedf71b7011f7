import { InvalidArgument } from './invalid-argument.js';

/**
 * Any text that is not empty.
 *
 * @param complaint The message otherwise.
 * @param content What a text must contain. By default blanks suffice, because a path may consist of them.
 */
export function notEmpty(complaint: string, content: RegExp = /./s): (text: string) => string {
  return (text) => {
    if (content.test(text)) return text;
    throw new InvalidArgument(complaint);
  };
}
