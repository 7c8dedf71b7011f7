import { describe, expect, it } from 'vitest';
import { LOOKS } from '../../../../src/cli/history/html/outcomes.js';
import { COLOURS } from '../../../../src/cli/history/html/style.js';

/** As WCAG 2.2 defines it. */
function contrast(one: string, other: string): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (higher + 0.05) / (lower + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each(['light', 'dark'] as const)('the %s colours', (scheme) => {
  const { page, text, quiet, link, band } = COLOURS[scheme];

  it('can be read', () => {
    for (const colour of [text, quiet, link, ...Object.values(LOOKS).map((look) => look[scheme])])
      expect(contrast(colour, page), colour).toBeGreaterThan(4);
    expect(contrast(quiet, band)).toBeGreaterThan(4);
    expect(contrast(text, page)).toBeGreaterThan(12);
  });
});

describe('outcomes', () => {
  it('are told apart without colours', () => {
    const glyphs = Object.values(LOOKS).map(({ glyph }) => glyph);
    expect(new Set(glyphs).size).toBe(glyphs.length);
  });
});
