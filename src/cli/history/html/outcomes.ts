import type { RunOutcome } from '../../../history/index.js';

/** How an outcome looks: a colour for each scheme, and a glyph, because not everybody sees colours, and not every printer has them. */
export interface Look {
  readonly label: string;
  /** A path of SVG around 0, 0, as large as ±5. */
  readonly glyph: string;
  readonly isOutline: boolean;
  readonly light: string;
  readonly dark: string;
}

/** Derived from the palette of Okabe and Ito, darker on white and lighter on black. */
export const LOOKS: Readonly<Record<RunOutcome, Look>> = {
  succeeded: look('succeeded', 'M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z', '#2f7ea8', '#6db3d8'),
  failed: outline('failed', 'M-4-4L4 4M4-4L-4 4', '#c43a08', '#ff8a5c'),
  'ended-by-signal': look('ended by a signal', 'M0-5L5 4H-5z', '#8f5f00', '#e3b341'),
  stalled: look('stalled', 'M-4-4.5h3v9h-3zM1-4.5h3v9H1z', '#7440c4', '#b99cf5'),
  'timed-out': look('timed out', 'M-4.5-5H4.5L-4.5 5H4.5z', '#a8327f', '#ee92cc'),
  lost: outline('lost its lock', 'M0-4.5L4.5 0L0 4.5L-4.5 0z', '#b3263d', '#ff8fa0'),
  'not-started': outline('not started', 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z', '#5b6570', '#a9b3bd'),
  killed: look('killed', 'M-1.5-5h3v3h3v2.5h-3V5h-3V.5h-3V-2h3z', '#1a1d21', '#f2f4f6'),
};

function look(label: string, glyph: string, light: string, dark: string): Look {
  return { label, glyph, isOutline: false, light, dark };
}

function outline(label: string, glyph: string, light: string, dark: string): Look {
  return { ...look(label, glyph, light, dark), isOutline: true };
}

/** The glyphs, for {@link glyph}. */
export function glyphDefinitions(): string {
  const paths = Object.entries(LOOKS).map(
    ([outcome, { glyph, isOutline }]) =>
      `<path id="g-${outcome}" d="${glyph}"${isOutline ? ' class="outline"' : ' class="solid"'}/>`,
  );
  return `<svg class="definitions" aria-hidden="true"><defs>${paths.join('')}<path id="g-above" class="solid" d="M0-5L4.5 3H-4.5z"/></defs></svg>`;
}

/**
 * @param x A length of SVG.
 * @param isMore Whether it is left out where there is little room.
 */
export function glyph(outcome: RunOutcome, x: string | number, y: number, isMore = false): string {
  return `<use href="#g-${outcome}" class="${outcome}${isMore ? ' more' : ''}" x="${x}" y="${y}"/>`;
}
