import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newFolder, removeFolder } from '../support/machine.js';

test('what is imported and what is required is the same library', async () => {
  const folder = newFolder();
  const program = `
    import { createRequire } from 'node:module';
    import * as imported from 'livinglock';
    import * as testing from 'livinglock/testing';
    const require = createRequire(${JSON.stringify(import.meta.filename)});
    const required = require('livinglock');
    const path = ${JSON.stringify(folder)} + '/job.lock';
    const lock = await imported.acquire(path);
    const busy = await required.acquire(path).catch((error) => error);
    await lock.release();
    const again = await required.acquire(path);
    const clock = new (require('livinglock/testing').FakeClock)();
    console.log(JSON.stringify({
      isBusy: busy instanceof imported.ErrLockBusy && busy instanceof required.ErrLockBusy,
      names: Object.keys(required).every((name) => imported[name] === required[name]),
      clock: clock instanceof testing.FakeClock,
      again: again.name === path,
    }));
    process.exit();`;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
    });
    expect(JSON.parse(stdout)).toEqual({ isBusy: true, names: true, clock: true, again: true });
  } finally {
    removeFolder(folder);
  }
});
