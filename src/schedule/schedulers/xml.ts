import { refused } from '../schedule-error.js';

/**
 * Escapes a text for use between two tags. Line breaks and tabs become numbers, because parsers may change them. XML 1.0 cannot
 * express other control characters at all ("Characters", 2.2).
 */
export function escapeXml(text: string): string {
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) {
    throw refused(
      'XML cannot contain a control character that is in the command. Put the command into a script.',
    );
  }
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\t\n\r]/g, numbered);
}

/** Same, in ASCII alone, which is valid in whatever encoding a shell writes to a file. */
export function escapeXmlToAscii(text: string): string {
  return escapeXml(text).replaceAll(/[^\n -~]/gu, numbered);
}

/** Reverses both. */
export function unescapeXml(text: string): string {
  return text
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

function numbered(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
