import { describe, expect, it } from 'vitest';
import { faultOnWindows } from '../../../src/stores/file/windows-path.js';

describe('on Windows, the path of a lock', () => {
  it.each([
    'C:\\locks\\job.lock',
    'c:\\LOCKS\\JOB.LOCK',
    'C:\\PROGRA~1\\job\\job.lock',
    'C:\\locks\\nightly.console',
    'C:\\locks\\com10.lock',
    'C:\\locks\\backup~1.lock',
    '\\\\server\\share\\job.lock',
    '\\\\files.example.com\\share\\job.lock',
    '\\\\?\\C:\\locks\\job.lock',
    '\\\\?\\UNC\\server\\share\\job.lock',
    '\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\job.lock',
  ])('may be %s', (path) => {
    expect(faultOnWindows(path)).toBeNull();
  });

  it.each([
    ['\\\\.\\pipe\\job', 'device'],
    ['\\\\?\\pipe\\job', 'device'],
    ['\\\\.\\C:\\locks\\job.lock', 'device'],
    ['\\\\?\\GLOBALROOT\\Device\\Null', 'device'],
    ['C:\\locks\\CON', 'CON is the name of a device'],
    ['C:\\locks\\nul.lock', 'nul.lock is the name of a device'],
    ['C:\\con\\job.lock', 'con is the name of a device'],
    ['C:\\locks\\com1', 'com1 is the name of a device'],
    ['C:\\locks\\conin$', 'conin$ is the name of a device'],
    ['C:\\locks\\a:b', 'a stream of another file'],
    ['C:\\locks\\job.lock::$DATA', 'a stream of another file'],
    ['C:\\locks\\a|b', 'does not allow'],
    ['C:\\locks\\a?b', 'does not allow'],
    ['C:\\locks\\a\u0001b', 'does not allow'],
    ['C:\\locks\\job.lock.', 'ignores the dot'],
    ['C:\\locks\\job.lock ', 'ignores the dot or the space'],
    ['C:\\locks.\\job.lock', 'ignores the dot'],
    ['C:\\locks\\NIGHTL~1.LOC', 'NIGHTL~1.LOC may be the short name'],
    ['C:\\locks\\NIGHTL~1', 'may be the short name'],
    ['C:\\', 'it is a folder'],
    ['\\\\server\\share\\', 'it is a folder'],
  ])('is not %s', (path, fault) => {
    expect(faultOnWindows(path)).toContain(fault);
  });
});
