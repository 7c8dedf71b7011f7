import fs, { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isWatchable, watchFile, watchOutputFiles } from '../../../../src/cli/run/proof/watch-files.js';
import { say } from '../../../../src/cli/terminal/messages.js';
import { pretend, replace } from '../../../../support/replace.js';
import { temporaryFolder } from '../../../../support/world.js';
import { messages } from '../stage.js';

describe('a watch of output files', () => {
  /** The command's stdout, as the system describes it. */
  interface State {
    position: string | null;
    size: bigint;
    mtimeNs: bigint;
  }

  function watched(isFile = true) {
    const state: State = { position: '0', size: 0n, mtimeNs: 0n };
    const files: string[] = [];
    const changes: object = {
      fstatSync: (descriptor: number) => ({ isFile: () => isFile && descriptor === 1, ...state }),
      readFileSync(path: string) {
        files.push(path);
        if (state.position === null) throw new Error('ENOENT');
        return `flags:\t1\npos:\t${state.position}\nmnt_id:\t1\n`;
      },
    };
    replace(fs, changes);
    return { state, files, hasWritten: watchOutputFiles() };
  }

  it('sees on Linux that the shared position moves, and nothing else', () => {
    pretend('linux');
    const { state, files, hasWritten } = watched();
    expect(hasWritten()).toBe(false);
    state.size = 5n;
    expect(hasWritten()).toBe(false);
    state.position = '12';
    expect([hasWritten(), hasWritten()]).toEqual([true, false]);
    expect(new Set(files)).toEqual(new Set(['/proc/self/fdinfo/1']));
  });

  it.each(['linux', 'darwin'] as const)('sees size and time without /proc, or elsewhere: %s', (platform) => {
    pretend(platform);
    const { state, hasWritten } = watched();
    state.position = platform === 'linux' ? null : '1';
    hasWritten();
    state.size = 5n;
    expect([hasWritten(), hasWritten()]).toEqual([true, false]);
    state.mtimeNs = 5n;
    expect([hasWritten(), hasWritten()]).toEqual([true, false]);
  });

  it('does not take messages of the runner for work, nor forgets the work before them', () => {
    pretend('linux');
    messages();
    const { state, hasWritten } = watched();
    const changes: object = {
      fstatSync: () => ({ isFile: () => true }),
      writeSync: () => {
        state.position = '30';
      },
    };
    replace(fs, changes);
    say('A message.');
    expect(state.position).toBe('30');
    expect(hasWritten()).toBe(false);
    state.position = '40';
    say('A message.');
    expect([hasWritten(), hasWritten()]).toEqual([true, false]);
    messages();
  });

  it('sees nothing of what is no file, nor on Windows', () => {
    pretend('linux');
    const { state, hasWritten } = watched(false);
    state.position = '5';
    expect(hasWritten()).toBe(false);
    watched(true);
    expect([isWatchable(1), isWatchable(2)]).toEqual([true, false]);
    pretend('win32');
    expect(isWatchable(1)).toBe(false);
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
