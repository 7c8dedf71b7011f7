import { oneLine } from '../../../core/describe-holder.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of others as HTML, for elements and for attributes in quotes. Control characters are replaced as for a terminal. */
export function text(value: string): string {
  return oneLine(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
