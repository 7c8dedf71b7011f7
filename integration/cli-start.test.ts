import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isInInitialPidNamespace,
  isLinux,
  isPosix,
  isRoot,
  NOBODY,
  temporaryFolder,
} from '../support/machine.js';
import { Running } from '../support/running.js';
import { censusOf } from './support/census.js';
import { PROGRAM } from './support/desk.js';

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

test('a Node that is too old is named', async () => {
  const folder = temporaryFolder();
  // As in Node 18.
  writeFileSync(join(folder, 'older.cjs'), 'delete process.getBuiltinModule;');
  const args = ['--require', join(folder, 'older.cjs'), PROGRAM, 'run', 'job', '--', 'true'];
  expect(await new Running(process.execPath, args, { env: {} }).ended).toMatchObject({
    code: 70,
    stdout: '',
    stderr: `livinglock: Node 20.19 or later is needed, but ${process.execPath} is ${process.version}. See https://nodejs.org/en/download\n`,
  });
});

describe.skipIf(!('enableCompileCache' in module))('the compiled program (from Node 22.1 on)', () => {
  const copy = () => {
    const folder = temporaryFolder();
    for (const name of ['dist', 'package.json'])
      cpSync(join(dirname(PROGRAM), '..', '..', name), join(folder, name), { recursive: true });
    return folder;
  };

  async function keeps(folder: string, env: NodeJS.ProcessEnv = {}): Promise<boolean> {
    const program = join(folder, 'dist', 'bin', 'livinglock.js');
    const { ended } = new Running(process.execPath, [program, '--version'], { env });
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d/), stderr: '' });
    return existsSync(join(folder, '.cache')) && readdirSync(join(folder, '.cache')).length > 0;
  }

  test('is kept in the folder of the package', async () => {
    const folder = copy();
    expect(await keeps(folder)).toBe(true);
    expect(await keeps(folder)).toBe(true);
  });

  test.skipIf(!isPosix)('is out of reach for others, whatever the umask is', async () => {
    const folder = copy();
    const program = join(folder, 'dist', 'bin', 'livinglock.js');
    const args = ['-c', 'umask 0; exec "$0" "$@"', process.execPath, program, '--version'];
    await new Running('sh', args, { env: {} }).ended;
    expect(statSync(join(folder, '.cache')).mode & 0o777).toBe(0o700);
    chmodSync(join(folder, '.cache'), 0o777);
    for (const name of readdirSync(join(folder, '.cache')))
      rmSync(join(folder, '.cache', name), { recursive: true });
    expect(await keeps(folder)).toBe(false);
  });

  test('is not kept with NODE_DISABLE_COMPILE_CACHE=1', async () => {
    expect(await keeps(copy(), { NODE_DISABLE_COMPILE_CACHE: '1' })).toBe(false);
  });

  test.skipIf(!isRoot)('is not kept by root in the package of another user', async () => {
    const folder = copy();
    chownSync(folder, NOBODY, NOBODY);
    expect(await keeps(folder)).toBe(false);
  });
});

/** In a container, a process that keeps the lock's sign of life. */
function besideTheCommand(): string[] {
  return isInInitialPidNamespace ? [] : [process.execPath];
}
