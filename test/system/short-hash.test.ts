import { expect, it } from 'vitest';
import { shortHash } from '../../src/system/short-hash.js';

it.each([
  { text: '', hash: '811c9dc5' },
  { text: 'a', hash: 'e40c292c' },
  { text: 'foobar', hash: 'bf9cf968' },
])('the short hash of "$text" is that of the draft', ({ text, hash }) => {
  expect(shortHash(text)).toBe(hash);
});

it('another seed gives another hash, and no hash is shorter than the others', () => {
  expect(shortHash('foobar', 0x2b5a9f37)).not.toBe(shortHash('foobar'));
  expect(shortHash('', 0x2a)).toBe('0000002a');
});
