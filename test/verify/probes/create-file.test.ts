import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { createFile } from '../../../src/verify/probes/create-file.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../../support/world.js';

it('a file of a probe is closed and gone if it cannot be written', () => {
  const folder = temporaryFolder();
  let closed = 0;
  const fs = fileSystemWith({
    writeSync() {
      throw systemError('ENOSPC', 'write');
    },
    closeSync(descriptor) {
      closed += 1;
      systemFileSystem.closeSync(descriptor);
    },
  });
  expect(() => createFile(fs, join(folder, 'new'), 'hello')).toThrow('ENOSPC');
  expect(closed).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});
