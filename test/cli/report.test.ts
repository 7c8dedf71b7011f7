import { describe, expect, it } from 'vitest';
import { oneLine } from '../../src/cli/report.js';

describe('what others have written', () => {
  it.each([
    { text: 'two\nlines', line: 'two lines' },
    { text: '\u001B[2Jgone', line: '\uFFFD[2Jgone' },
    { text: 'a\u202Eb\u2066c', line: 'a\uFFFDb\uFFFDc' },
    { text: ' 日本語 🔒 ', line: '日本語 🔒' },
  ])('becomes one line without tricks: $line', ({ text, line }) => {
    expect(oneLine(text)).toBe(line);
  });
});
