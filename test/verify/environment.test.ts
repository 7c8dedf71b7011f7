import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyFileSystem } from '../../src/index.js';
import { temporaryFolder } from '../../support/world.js';

const REFUSED = /needs Node for its helper processes.*livinglock verify/;

describe('verifyFileSystem in an executable of its own', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    Reflect.deleteProperty(process, 'pkg');
  });

  it('is refused, because the executable would start the whole program again', async () => {
    Object.assign(process, { pkg: {} });
    await expect(verifyFileSystem(temporaryFolder())).rejects.toThrow(REFUSED);
  });

  it('is refused in a program that was started as a helper by mistake', async () => {
    vi.stubEnv('LIVINGLOCK_HELPER', '1');
    await expect(verifyFileSystem(temporaryFolder())).rejects.toThrow(REFUSED);
  });
});
