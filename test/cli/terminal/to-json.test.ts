import { expect, it } from 'vitest';
import { toJson } from '../../../src/cli/terminal/to-json.js';

it('means the same, without characters that have an effect on a terminal', () => {
  const value = { text: 'a\u001B[2J\u009B2J\u202Eb\u{E0001}\u007F 日本語 🔒' };
  const json = toJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(json).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
  expect(json).toContain('日本語 🔒');
});
