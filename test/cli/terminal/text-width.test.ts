import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, cutStart, filling, widthOf } from '../../../src/cli/terminal/text-width.js';

describe('the width of a text', () => {
  it.each([
    ['backup', 6],
    ['テーブル', 8],
    ['한글', 4],
    ['café', 4],
    ['cafe\u{301}', 4],
    ['👨‍👩‍👧', 2],
    ['', 0],
  ])('of %s is %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
    expect(`${text}${filling(text, 10)}`).toHaveLength(text.length + 10 - columns);
  });
});

/** Wide, narrow and zero-width characters; of one code point and of several. */
const CHARACTERS = ['a', '/', ' ', 'テ', '한', 'e\u{301}', '👨‍👩‍👧', '🇯🇵', 'ｱ', 'कि', '\u{200b}'];

describe('a text that is too long', () => {
  it('never takes more columns than it is truncated to, and keeps whole characters', () => {
    const text = fc.array(fc.constantFrom(...CHARACTERS)).map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, fc.nat(20), (whole, columns) => {
        for (const it of [cut(whole, columns), cutStart(whole, columns)])
          expect(widthOf(it)).toBeLessThanOrEqual(columns);
        if (widthOf(whole) <= columns || columns === 0) return;
        expect(whole.startsWith(cut(whole, columns).replace(/…$/, ''))).toBe(true);
        expect(whole.endsWith(cutStart(whole, columns).replace(/^…/, ''))).toBe(true);
      }),
    );
  });

  it.each([
    ['backup', 6, 'backup'],
    ['backup', 5, 'back…'],
    ['テーブル', 8, 'テーブル'],
    // Half a character cannot be shown.
    ['テーブル', 6, 'テー…'],
    ['テーブル', 7, 'テーブ…'],
    ['👨‍👩‍👧👨‍👩‍👧', 3, '👨‍👩‍👧…'],
    ['backup', 1, '…'],
    ['backup', 0, ''],
  ])('%s is cut to %i columns: %s', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });

  it.each([
    ['/var/lib/nightly.lock', 14, '…/nightly.lock'],
    ['/var/夜間バッチ', 7, '…バッチ'],
    ['backup', 6, 'backup'],
    ['backup', 0, ''],
  ])('%s can be cut at its beginning to %i columns: %s', (text, columns, expected) => {
    expect(cutStart(text, columns)).toBe(expected);
  });
});
