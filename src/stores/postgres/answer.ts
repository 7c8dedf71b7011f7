import { parseJson } from '../../core/record/record.js';
import { fieldOf } from '../shared/field.js';
import { type Row, readRow } from '../shared/lock-row.js';
import { fromJsonb } from './jsonb.js';

/** What a statement returns. */
export interface Answer {
  /** Whether somebody holds the lock. */
  readonly isHeld: boolean;
  readonly row: Row;
  /** The token of the last acquisition, even if the lock was released since. */
  readonly token: unknown;
}

/** @param value A row of a result. */
export function readAnswer(value: unknown): Answer {
  const columns = parseJson(fromJsonb(readText(value)));
  return {
    isHeld: fieldOf(columns, 'is_held') === true,
    row: readRow(columns),
    token: fieldOf(columns, 'token'),
  };
}

/** The answer as text. */
export function readText(value: unknown): string {
  return String(fieldOf(value, 'answer'));
}
