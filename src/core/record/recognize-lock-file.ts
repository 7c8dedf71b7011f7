import { isBare } from '../../system/processes/process-identity.js';
import { isKnownKey, type LockRecord, parseRecord } from './record.js';

/**
 * What a file at a lock's path holds.
 *
 * - `record`: ours, the Go package's, or a PID file.
 * - `torn`: what a crash left of a record, or what a writer has not finished.
 * - `foreign`: anything else. It is somebody's file and must not be touched.
 */
export type Content =
  | { readonly is: 'record'; readonly record: LockRecord }
  | { readonly is: 'torn' }
  | { readonly is: 'foreign'; readonly beginning: string };

/** How many characters of a foreign file are shown. */
const SHOWN = 40;

/**
 * Tells a lock from a file named by mistake. Never throws.
 *
 * @param isWhole Whether the text is the whole file. A real lock file is never too long to be read whole.
 */
export function contentOf(text: string, isWhole: boolean, modifiedAt: Date): Content {
  if (!isWhole) return foreign(text);
  const record = parseRecord(text, modifiedAt);
  if (record !== null) return isOnlyARecord(record, text) ? { is: 'record', record } : foreign(text);
  return isTorn(text) ? { is: 'torn' } : foreign(text);
}

function foreign(text: string): Content {
  return { is: 'foreign', beginning: printable(text.slice(0, SHOWN)) };
}

/** In quotes, without anything that a terminal would interpret or that changes the writing direction (CVE-2021-42574). */
function printable(text: string): string {
  return JSON.stringify(text).replace(/\p{C}/gu, '\u{fffd}');
}

/**
 * A log entry may contain the two keys of the Go package among others. A record of ours says which process it belongs to, and may come from
 * a later version with unknown keys.
 */
function isOnlyARecord(record: LockRecord, text: string): boolean {
  if (record.token !== null && !isBare(record.process)) return true;
  return outline(text).keys.every(isKnownKey);
}

/** How a record begins, without white space: with the Go package's two keys, a number and a text. */
const FIRST_KEY = '{"process_id":';
const SECOND_KEY = ',"timestamp":"';

/**
 * Empty; or NUL bytes, which some file systems make of a file that was not on disk at a power cut; or cut off or broken,
 * but it begins as a record and contains nothing that a record does not have. A list of such objects, such as a log, is not torn.
 */
function isTorn(text: string): boolean {
  const rest = text.replace(/\0+$/, '');
  if (rest === '') return true;
  const dense = rest.replace(/\s+/g, '');
  if (dense === '' || !beginsAsRecord(dense)) return false;
  const { keys, hasMore } = outline(rest);
  return !hasMore && keys.every(isKnownKey);
}

function beginsAsRecord(dense: string): boolean {
  if (!dense.startsWith(FIRST_KEY)) return FIRST_KEY.startsWith(dense);
  const [, after = ''] = /^-?\d*(.*)$/su.exec(dense.slice(FIRST_KEY.length)) ?? [];
  return after.startsWith(SECOND_KEY) || SECOND_KEY.startsWith(after);
}

/** What is known about an object that may be incomplete: its keys, and whether anything follows its end. */
interface Outline {
  readonly keys: readonly string[];
  readonly hasMore: boolean;
}

function outline(text: string): Outline {
  const keys: string[] = [];
  let depth = 0;
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/gs)) {
    const [token, string, colon] = match;
    if (string !== undefined) {
      if (depth === 1 && colon !== undefined) keys.push(string);
    } else {
      depth += '{['.includes(token) ? 1 : -1;
      if (depth === 0) return { keys, hasMore: /\S/.test(text.slice(match.index + token.length)) };
    }
  }
  return { keys, hasMore: false };
}
