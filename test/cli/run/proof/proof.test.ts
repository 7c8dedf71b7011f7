import { describe, expect, it } from 'vitest';
import { describeMissingProof, hintOn, parseProof } from '../../../../src/cli/run/proof/proof.js';

describe('a proof of work', () => {
  it.each([
    ['alive', { by: 'alive' }],
    ['output', { by: 'output' }],
    ['manual', { by: 'manual' }],
    ['file:a:b', { by: 'file', path: 'a:b' }],
  ])('is named by %s', (text, proof) => {
    expect(parseProof(text)).toEqual(proof);
  });

  it.each(['', 'file', 'file:', 'afile:b', 'Alive'])('is not named by %j', (text) => {
    expect(() => parseProof(text)).toThrow('It must be one of');
  });

  it('that is missing is described by its kind', () => {
    const kinds = ['alive', 'output', 'manual', 'file:log'].map(parseProof);
    expect(kinds.map((proof) => describeMissingProof(proof, false))).toEqual([
      expect.stringContaining('alive'),
      expect.stringContaining('written'),
      expect.stringContaining('livinglock beat'),
      'log has not changed',
    ]);
    expect(kinds.map((proof) => hintOn(proof, false))).toEqual([
      '',
      expect.stringContaining('python -u'),
      '',
      '',
    ]);
  });

  it('is missing for another reason if nobody reads the output', () => {
    const proof = parseProof('output');
    expect(describeMissingProof(proof, true)).toBe('its output has not been read');
    expect(hintOn(proof, true)).toContain('Ctrl-S');
  });
});
