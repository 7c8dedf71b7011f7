import { describe, expect, it } from 'vitest';
import { askSign } from '../../../src/stores/file/probe-sign.js';
import type { Liveness } from '../../../src/system/processes/process-table.js';
import type { Life } from '../../../src/system/signs-of-life/sign-of-life.js';
import { pretend } from '../../../support/replace.js';
import { fileSystemWith } from '../../../support/world.js';

const EXT4 = 0xef53;
const NFS = 0x6969;

function lifeThatSays(answer: Liveness, needsLocalFiles: boolean): Life {
  return { when: 'holding', isMovable: true, needsLocalFiles, keep: () => null, ask: async () => answer };
}

describe('the sign of life of another process', () => {
  it.each<[says: Liveness, needsLocalFiles: boolean, type: number, believed: Liveness]>([
    ['alive', true, NFS, 'alive'],
    ['alive', false, NFS, 'alive'],
    ['unknown', true, NFS, 'unknown'],
    ['dead', true, EXT4, 'dead'],
    ['dead', true, NFS, 'unknown'],
    ['dead', false, NFS, 'dead'],
  ])(
    'that says %s, and needs local files: %s, on file system %i means %s',
    async (says, needs, type, means) => {
      pretend('linux');
      const fs = fileSystemWith({ statfsSync: () => ({ type }) });
      expect(await askSign(lifeThatSays(says, needs), fs, '/locks/sign', {})).toBe(means);
    },
  );
});
