import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMount, isPosix, newFolder, removeFolder, temporaryFolder } from '../support/machine.js';
import { findForCron } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** Ways to call `livinglock beat` in different languages. */
const CALLS = [
  { language: 'sh, unquoted', argv: ['sh', '-c', '$LIVINGLOCK beat --note x'] },
  { language: 'sh, quoted', argv: ['sh', '-c', '"$LIVINGLOCK" beat --note x'] },
  {
    language: 'Python',
    argv: [
      'python3',
      '-c',
      'import os, subprocess; subprocess.run([os.environ["LIVINGLOCK"], "beat", "--note", "x"], check=True)',
    ],
  },
  { language: 'Ruby', argv: ['ruby', '-e', 'system(ENV["LIVINGLOCK"], "beat", "--note", "x") or exit 1'] },
  {
    language: 'PHP, with an array',
    argv: [
      'php',
      '-r',
      'exit(proc_close(proc_open([getenv("LIVINGLOCK"), "beat", "--note", "x"], [], $pipes)));',
    ],
  },
  {
    language: 'PHP, with a command line',
    argv: [
      'php',
      '-r',
      'exec(escapeshellarg(getenv("LIVINGLOCK"))." beat --note x", $lines, $status); exit($status);',
    ],
  },
];

/** The command and Node, in a folder with a space in its name. */
interface Installation {
  readonly node: string;
  readonly program: string;
}

const HERE: Installation = { node: process.execPath, program: PROGRAM };
let apart: string;
let spaced: Installation;

beforeAll(() => {
  apart = newFolder();
  spaced = install(join(apart, 'My Apps'));
  const node = join(apart, 'My Apps', 'node');
  copyFileSync(process.execPath, node);
  spaced = { ...spaced, node };
});

afterAll(() => removeFolder(apart));

describe.skipIf(!isPosix).each([
  { where: 'from an ordinary path', installation: () => HERE },
  { where: 'from a path with a space', installation: () => spaced },
])('a command calls livinglock by LIVINGLOCK $where', ({ installation }) => {
  for (const { language, argv } of CALLS) {
    const [interpreter = '', ...args] = argv;
    const program = findForCron(interpreter);
    test.skipIf(program === null)(`in ${language}, without a usable PATH`, async () => {
      const desk = new Desk();
      const script = 'PATH=/nowhere "$@" && cat "$LIVINGLOCK_PATH"';
      const command = ['sh', '-c', script, 'sh', program ?? '', ...args];
      const ended = await start(desk, installation(), command).ended;
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({ progress: { note: 'x' } });
    });
  }

  test('with a note that is too long, of which the beginning is kept', async () => {
    const desk = new Desk();
    const beat = '"$LIVINGLOCK" beat --note "$(head -c 100000 /dev/zero | tr "\\0" n)"';
    const script = `${beat}; echo "beat $?"; wc -c < "$LIVINGLOCK_PATH"; "$LIVINGLOCK" beat; echo "beat $?"`;
    const { code, stdout } = await desk.run(['run', 'job', '--', 'sh', '-c', script]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^beat 0\n1?\d{3}\nbeat 0\n$/),
    });
  });

  test('but not in an environment that was emptied, and is told so', async () => {
    const command = ['sh', '-c', 'env -i "$LIVINGLOCK" beat'];
    expect(await start(new Desk(), installation(), command).ended).toMatchObject({
      code: 64,
      stderr: oneLineWith('There is no lock to send a heartbeat to'),
    });
  });

  test('even after the runner was killed', async () => {
    const desk = new Desk();
    const script =
      'echo up; read -r line; "$LIVINGLOCK" beat --note late; echo "beat $?"; cat "$LIVINGLOCK_PATH"';
    const run = start(desk, installation(), ['sh', '-c', script], { TMPDIR: desk.folder });
    await run.prints(/up/);
    run.signal('SIGKILL');
    run.write('\n');
    await run.prints(/beat 0\n.*"note":"late"/);
  });
});

describe.skipIf(!isPosix)('if its path is not one word, livinglock gives its command another one', () => {
  test('in a private folder that is removed with the run', async () => {
    const desk = new Desk();
    const scratch = temporaryFolder();
    const run = start(desk, spaced, ['sh', '-c', 'echo "$LIVINGLOCK"; read -r line'], { TMPDIR: scratch });
    const [, path = ''] = await run.prints(/(.+)\n/);
    expect(dirname(dirname(path))).toBe(scratch);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    run.endInput();
    await run.ended;
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('and removes nothing that has come into its place, after a cleaner of temporary files for example', async () => {
    const desk = new Desk();
    const scratch = temporaryFolder();
    const script =
      'cd "$(dirname "$LIVINGLOCK")" && rm livinglock && mkdir theirs && echo theirs > theirs/file && pwd';
    const ended = await start(desk, spaced, ['sh', '-c', script], { TMPDIR: scratch }).ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(ended.stdout.trim(), 'theirs', 'file'), 'utf8')).toBe('theirs\n');
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('that is also removed after %s', async (signal) => {
    const desk = new Desk();
    const scratch = temporaryFolder();
    const run = start(desk, spaced, ['sh', '-c', 'echo up; exec cat'], { TMPDIR: scratch });
    await run.prints(/up/);
    expect(readdirSync(scratch)).toHaveLength(1);
    run.signal(signal);
    await run.ended;
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('in /tmp, if the path of temporary files has a space too', async () => {
    const scratch = join(temporaryFolder(), 'My Files');
    mkdirSync(scratch);
    const script = 'echo "$LIVINGLOCK"; $LIVINGLOCK beat';
    const ended = await start(new Desk(), spaced, ['sh', '-c', script], { TMPDIR: scratch }).ended;
    expect(ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\/tmp\/livinglock-[^/]+\/livinglock\n$/),
    });
    expect(readdirSync('/tmp')).not.toContain(ended.stdout.split('/')[2]);
  });
});

describe.skipIf(!isPosix)('a command calls livinglock', () => {
  test('even if the launcher is not executable', async () => {
    const installation = install(join(temporaryFolder(), 'app'));
    chmodSync(join(dirname(installation.program), 'livinglock.sh'), 0o644);
    const ended = await start(new Desk(), installation, ['sh', '-c', '$LIVINGLOCK beat && echo beaten'])
      .ended;
    expect(ended).toMatchObject({ code: 0, stdout: 'beaten\n', stderr: '' });
  });

  test.skipIf(!canMount)('even without a shell', async () => {
    const desk = new Desk();
    const module = pathToFileURL(
      join(PROJECT, 'build', 'src', 'cli', 'run', 'start', 'livinglock-for-command.js'),
    );
    const job = join(desk.folder, 'job.mjs');
    writeFileSync(
      job,
      `import { spawnSync } from 'node:child_process';
      process.argv[1] = ${JSON.stringify(PROGRAM)};
      const { callingBack } = await import('${module}');
      const env = callingBack();
      const { status, error } = spawnSync(env.LIVINGLOCK, ['--version'], { env, stdio: 'inherit' });
      console.log(status, error);`,
    );
    const ended = await desk.startProgram('unshare', [
      ...['--mount', 'bash', '-c', 'mount --bind /dev/null /bin/sh && exec "$@"', 'bash'],
      ...[process.execPath, job],
    ]).ended;
    expect(ended).toMatchObject({
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n0 undefined\n$/),
      stderr: '',
    });
  });

  test('and is told what is missing if no run has started it', async () => {
    const launcher = join(dirname(PROGRAM), 'livinglock.sh');
    const ended = await new Desk().startProgram(launcher, ['beat']).ended;
    expect(ended.code).toBe(64);
    expect(ended.stderr).toContain('the variables of livinglock run are missing here');
  });
});

function start(
  desk: Desk,
  { node, program }: Installation,
  command: readonly string[],
  env?: NodeJS.ProcessEnv,
) {
  const options = ['--heartbeat', 'manual', '--heartbeat-interval', '1ms'];
  return desk.startProgram(node, [program, 'run', ...options, 'job', '--', ...command], env);
}

/** A copy of the build, run by this Node. */
function install(folder: string): Installation {
  mkdirSync(folder, { recursive: true });
  cpSync(join(PROJECT, 'dist'), join(folder, 'dist'), { recursive: true });
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return { node: process.execPath, program: join(folder, 'dist', 'bin', 'livinglock.js') };
}
