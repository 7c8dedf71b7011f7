import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJsonb, toAsciiJsonb, toJsonb } from '../../../src/stores/postgres/jsonb.js';

/** Texts that often contain what has to be written differently. */
const texts = fc
  .array(fc.constantFrom('\0', '\ud800', '\udfff', '😀', '\u241b', '\\', 'u0000', '0000', '241b', '"', 'a'))
  .map((parts) => parts.join(''));

describe('JSON for a column of jsonb', () => {
  it('is the same when it is read again', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const json = JSON.stringify({ note: text });
        expect(JSON.parse(fromJsonb(toJsonb(json)))).toEqual({ note: text });
      }),
    );
  });

  it('contains, in ASCII, a question mark for each character that is not', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const kept: unknown = JSON.parse(toAsciiJsonb(JSON.stringify(text)));
        expect(kept).toBe(text.replaceAll('\0', '?').replace(/\P{ASCII}/gu, '?'));
        expect(fromJsonb(JSON.stringify(kept))).toBe(JSON.stringify(kept));
      }),
    );
  });

  it('contains nothing that jsonb refuses', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const kept: unknown = JSON.parse(toJsonb(JSON.stringify(text)));
        expect(kept).not.toMatch(/\0|\p{Surrogate}/u);
      }),
    );
  });
});
