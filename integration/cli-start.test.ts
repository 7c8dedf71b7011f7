import { describe, expect, test } from 'vitest';
import { isInInitialPidNamespace, isLinux, isPosix } from '../support/machine.js';
import { censusOf } from './support/census.js';

// cron starts `livinglock run` every minute. Finding and compiling files takes most of a start, so this counts the loaded files.

describe.skipIf(!isPosix)('a run', () => {
  test('loads four files, however its options are written', async () => {
    const { files } = await censusOf('run', '--wait', '1s', '-q', 'job', '--', 'true');
    expect(files.length).toBeLessThanOrEqual(4);
    expect(await censusOf('run', '-qw1s', 'job', '--', 'true')).toMatchObject({ files });
  });

  test('starts its command, and only what the platform needs to know about processes', async () => {
    const { programs } = await censusOf('run', 'job', '--', 'true');
    if (isLinux) expect(programs).toEqual([...besideTheCommand(), 'true']);
    else expect(new Set(programs)).toEqual(new Set(['/usr/sbin/sysctl', 'true', '/bin/ps']));
  });
});

/** In a container, a process that keeps the lock's sign of life. */
function besideTheCommand(): string[] {
  return isInInitialPidNamespace ? [] : [process.execPath];
}
