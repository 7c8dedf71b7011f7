import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseOwnProof, watchFile } from '../../../../src/cli/run/proof/file-proof.js';
import { describeProof, hintOn, parseProof } from '../../../../src/cli/run/proof/proof.js';
import { temporaryFolder } from '../../../../support/world.js';

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
    expect(kinds.map((proof) => describeProof(proof, false))).toEqual([
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
    expect(describeProof(proof, true)).toBe('its output has not been read');
    expect(hintOn(proof, true)).toContain('Ctrl-S');
  });
});

describe('a file that livinglock itself changes', () => {
  it.each(['job.lock', '.', './', 'job.lock-wal'])('is refused as proof: %s', (path) => {
    const folder = temporaryFolder();
    const proof = { by: 'file', path: join(folder, path) } as const;
    expect(() => refuseOwnProof(proof, join(folder, 'job.lock'))).toThrow('proves nothing');
  });

  it.skipIf(process.platform === 'win32')('is known by another name', () => {
    const folder = temporaryFolder();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    const proof = (path: string) => ({ by: 'file', path }) as const;
    expect(() => refuseOwnProof(proof(link), join(folder, 'job.lock'))).toThrow('proves nothing');
    expect(() => refuseOwnProof(proof(folder), join(link, 'job.lock'))).toThrow('proves nothing');
    expect(() => refuseOwnProof(proof(join(link, 'job.lock')), join(folder, 'job.lock'))).toThrow(
      'proves nothing',
    );
  });

  it('is not any other one', () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'job.lock');
    for (const path of ['job.lock.log', 'job', 'no/such/file', '..'])
      expect(() => refuseOwnProof({ by: 'file', path: join(folder, path) }, lock)).not.toThrow();
    expect(() => refuseOwnProof({ by: 'file', path: folder }, null)).not.toThrow();
    expect(() => refuseOwnProof({ by: 'alive' }, lock)).not.toThrow();
  });
});

describe('a watched file', () => {
  it('has changed once it is longer, newer or another one', () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, 'a');
    utimesSync(path, 1, 1);
    const hasChanged = watchFile(path);
    expect(hasChanged()).toBe(false);
    writeFileSync(path, 'ab');
    utimesSync(path, 1, 1);
    expect([hasChanged(), hasChanged()]).toEqual([true, false]);
    utimesSync(path, 2, 2);
    expect([hasChanged(), hasChanged()]).toEqual([true, false]);
    writeFileSync(`${path}.new`, 'xy');
    utimesSync(`${path}.new`, 2, 2);
    renameSync(`${path}.new`, path);
    expect([hasChanged(), hasChanged()]).toEqual([true, false]);
  });

  it('has changed when it is created, and not when it disappears or comes back unchanged', () => {
    const path = join(temporaryFolder(), 'log');
    const hasChanged = watchFile(path);
    expect(hasChanged()).toBe(false);
    writeFileSync(path, 'a');
    expect(hasChanged()).toBe(true);
    renameSync(path, `${path}.away`);
    expect(hasChanged()).toBe(false);
    renameSync(`${path}.away`, path);
    expect(hasChanged()).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('that cannot be looked at is reported at each look', () => {
    const folder = join(temporaryFolder(), 'folder');
    writeFileSync(folder, '');
    const hasChanged = watchFile(join(folder, 'log'));
    expect(hasChanged).toThrow(/Cannot see whether .*log changes: .*ENOTDIR/);
    rmSync(folder);
    mkdirSync(folder);
    writeFileSync(join(folder, 'log'), '');
    expect(hasChanged()).toBe(true);
  });
});
