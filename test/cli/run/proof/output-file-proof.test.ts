import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isWatchable, watchOutputFiles } from '../../../../src/cli/run/proof/output-file-proof.js';
import { say } from '../../../../src/cli/terminal/messages.js';
import { pretend, replace } from '../../../../support/replace.js';
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
