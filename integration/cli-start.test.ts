import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
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
import { Desk, PROGRAM } from './support/desk.js';

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

describe.skipIf(!isLinux)(
  'libuv starts its threads, and aborts the process if the system allows no more,',
  () => {
    const PING = '--ping=http://127.0.0.1:1/';
    const OUTPUT = '--heartbeat=output';

    test.each([
      ['--log', '2>/dev/null'],
      ['--output=on-failure', '2>/dev/null'],
      [PING, '2>/dev/null'],
      [OUTPUT, '>file 2>/dev/null'],
      [OUTPUT, '2>file'],
    ])('before the command starts: run %s %s', async (options, redirections) => {
      expect(await threadsMore(options, redirections)).toBe(POOL);
    });

    test('before the command starts if messages go to a socket, such as that of systemd', async () => {
      const desk = new Desk();
      // Node's pipes are sockets.
      const { code } = await desk.run(['run', 'job', '-c', COUNT]);
      expect(code).toBe(4);
      expect(threadsIn(desk) - (await threads('', '2>/dev/null'))).toBe(POOL);
    });

    test.each([
      ['', '2>/dev/null'],
      ['', '2>file'],
      ['', '2>&1 | cat'],
      [OUTPUT, '>/dev/null 2>&1'],
      [OUTPUT, '2>&1 | cat'],
    ])('never if nothing needs them: run %s %s', async (options, redirections) => {
      expect(await threadsMore(options, redirections)).toBe(0);
    });

    /** Of libuv. */
    const POOL = 4;
    const COUNT = 'ls /proc/$PPID/task | wc -l > threads; exit 4';

    const threadsMore = async (options: string, redirections: string) =>
      (await threads(options, redirections)) - (await threads('--quiet', '2>/dev/null'));

    /** How many the runner has, which has something to say before it starts the command. */
    async function threads(options: string, redirections: string): Promise<number> {
      const desk = new Desk();
      const run = `livinglock run ${options} job -c '${COUNT}' ${redirections}`;
      await desk.bash(`export NOT_UTF8=$'\\xff'; ${run}`);
      return threadsIn(desk);
    }

    function threadsIn(desk: Desk): number {
      return Number(readFileSync(join(desk.folder, 'threads'), 'utf8'));
    }
  },
);
