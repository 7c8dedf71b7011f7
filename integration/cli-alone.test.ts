import { once } from 'node:events';
import { constants, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, isLinux, isPosix } from '../support/machine.js';
import { type Ended, has, poll } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';

// A command under the lock runs as it does alone: with the same environment, descriptors and arguments. It does not start after a signal.

/** Names that no shell would pass on, and values that some shell would change. */
const ODD = {
  'spring.datasource.url': 'jdbc:x',
  'my-var': '1',
  '1A': '2',
  'BASH_FUNC_f%%': '() { echo hi; }',
  PWD: '/nonexistent',
  OLDPWD: '/old',
  IFS: 'x',
  OPTIND: '7',
  PS1: 'p',
  ENV: '/none',
  MULTILINE: 'a\nb\n',
  EMPTY: '',
  UMLAUT: 'ä€😀',
};

/** Variables that Node drops or changes. */
const OF_NODE = {
  '0': 'zero',
  '42': 'a\n43=b',
  '4294967294': '',
  NODE_UNIQUE_ID: '3',
  NODE_V8_COVERAGE: 'covered',
};

describe.skipIf(!isPosix)('the environment', () => {
  test('is the same, except for variables named LIVINGLOCK', async () => {
    const desk = new Desk();
    const alone = await desk.startProgram('env', ['-0'], ODD).ended;
    const under = await desk.run(['run', 'job', '--', 'env', '-0'], ODD);
    const others = (text: string) =>
      text
        .split('\0')
        .filter((entry) => !entry.startsWith('LIVINGLOCK'))
        .sort();
    expect(under).toMatchObject({ code: 0, stderr: '' });
    expect(others(under.stdout)).toEqual(others(alone.stdout));
  });

  test.skipIf(!isLinux)('is the same, even where Node drops or changes a variable', async () => {
    const desk = new Desk();
    const { stdout, stderr, code } = await desk.run(['run', 'job', '--', 'env', '-0'], OF_NODE);
    const entries = stdout.split('\0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const [name, value] of Object.entries(OF_NODE)) expect(entries).toContain(`${name}=${value}`);
  });

  test.skipIf(!canMount)('needs no shell', async () => {
    const desk = new Desk();
    const script = 'mount --bind /dev/null /bin/sh && mount --bind /dev/null /bin/bash && exec "$@"';
    const args = [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      PROGRAM,
      'run',
      'job',
      '--',
      'echo',
      'ran',
    ];
    expect(await desk.startProgram('unshare', args).ended).toMatchObject({ code: 0, stdout: 'ran\n' });
  });
});

describe.skipIf(!isPosix)('descriptors', () => {
  test('reach the command: files, named pipes, and pipes of the shell', async () => {
    const desk = new Desk();
    const say = (number: number) => `echo "to ${number}" >&${number}`;
    const line = `
      exec 3>three 4>>four 9>nine 63>sixty-three
      mkfifo pipe; cat pipe > five & exec 5>pipe
      exec 6> >(cat > six)
      livinglock run job -- bash -c '${[3, 4, 5, 6, 9, 63].map(say).join('; ')}; read -r line <&7; echo "$line"' 7< <(echo seven)
      echo "exit $?"; exec 5>&- 6>&-; wait`;
    expect(await desk.bash(line)).toMatchObject({ stdout: 'seven\nexit 0\n', stderr: '' });
    const files = { 3: 'three', 4: 'four', 5: 'five', 6: 'six', 9: 'nine', 63: 'sixty-three' };
    for (const [number, file] of Object.entries(files)) {
      expect(readFileSync(join(desk.folder, file), 'utf8')).toBe(`to ${number}\n`);
    }
  });

  test('reach the command even if its output is read', async () => {
    const desk = new Desk();
    const line = 'livinglock run --heartbeat output job -- diff <(echo a) <(echo b) | cat';
    expect(await desk.bash(line)).toMatchObject({ stdout: '1c1\n< a\n---\n> b\n', stderr: '' });
  });

  test.skipIf(!has('make'))('include the job server of make', async () => {
    const desk = new Desk();
    writeFileSync(
      join(desk.folder, 'Makefile'),
      'all:\n\t+@livinglock run job -- $(MAKE) --no-print-directory one two\none two:\n\t@echo $@\n',
    );
    const ended = await desk.startProgram('make', ['-j2', 'all']).ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.trim().split('\n').sort()).toEqual(['one', 'two']);
  });

  test('reach the command: a socket', async () => {
    const desk = new Desk();
    // What Node calls a pipe is a pair of sockets.
    const program = `
      const run = require('child_process').spawn('livinglock', ['run', 'job', '--', 'sh', '-c', 'cat <&5'], {
        stdio: ['ignore', 'inherit', 'inherit', 'ignore', 'ignore', 'pipe'],
      });
      run.stdio[5].end('from the socket');`;
    const ended = await desk.startProgram(process.execPath, ['-e', program]).ended;
    expect(ended).toMatchObject({ stdout: 'from the socket', stderr: '' });
  });

  test('reach the command even if their numbers are above the limit', async () => {
    const desk = new Desk();
    const line = `exec 63>high; ulimit -n 40; livinglock run job -- bash -c 'echo hi >&63'`;
    expect(await desk.bash(line)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(desk.folder, 'high'), 'utf8')).toBe('hi\n');
  });

  test.skipIf(!isLinux)('are not those of the runner, except for the inherited socket', async () => {
    const desk = new Desk();
    const list = 'ls /proc/$$/fd';
    const numbers = ({ stdout }: Ended) => stdout.trim().split('\n').map(Number);
    const alone = numbers(await desk.startProgram('sh', ['-c', list]).ended);
    const more = (ended: Ended) => numbers(ended).filter((number) => !alone.includes(number));
    const [socket = 0, ...others] = more(await desk.run(['run', 'job', '--', 'sh', '-c', list]));
    expect(others).toEqual([]);
    expect(socket).toBeGreaterThan(9);
    const line = `exec ${socket}>taken; livinglock run job -- bash -c '${list}; echo hi >&${socket}'`;
    expect(more(await desk.bash(line))).toHaveLength(2);
    expect(readFileSync(join(desk.folder, 'taken'), 'utf8')).toBe('hi\n');
  });
});

describe.skipIf(!isPosix)('the input', () => {
  test('is closed when the command closes it: whoever writes it may end', async () => {
    const desk = new Desk();
    const command = 'read -r line; exec <&-; until [ -e written ]; do sleep 0.01; done; echo "$line"';
    const line = `{ seq 1 100000; touch written; } 2> /dev/null | livinglock run --timeout 20s job -- sh -c '${command}'`;
    expect(await desk.bash(line)).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
  });

  test('reaches each attempt, and is closed in the last one', async () => {
    const desk = new Desk();
    const last = 'exec <&-; until [ -e written ]; do sleep 0.01; done; exit 0';
    const command = `read -r line; echo "$line"; [ "$line" = 2 ] || exit 1; ${last}`;
    const line = `{ seq 1 100000; touch written; } 2> /dev/null | livinglock run -q --timeout 20s --retry 1 --retry-delay 0s job -- sh -c '${command}'`;
    expect(await desk.bash(line)).toMatchObject({ code: 0, stdout: '1\n2\n' });
  });
});

describe.skipIf(!isLinux)('a pipe that is shared with others', () => {
  const flags = 'grep flags /proc/$LIVINGLOCK_RUNNER/fdinfo/2';

  test.each(['', '--log', '--notify-on start --notify true'])('stays blocking with %j', async (options) => {
    const desk = new Desk();
    const command = `echo begun; read -r line; ${flags}`;
    const run = desk.startProgram('bash', [
      '-c',
      `livinglock run ${options} ${desk.path('job')} -- sh -c '${command}' 2>&1 | cat`,
    ]);
    await run.prints(/begun/);
    // With `--log` that has closed a socket. So does whoever asks for the sign of life, which is there after a moment.
    const sign = () => readdirSync(desk.locks).find((name) => name.includes('.life.'));
    await poll('There is no sign of life', () => sign() !== undefined);
    await once(connect(join(desk.locks, sign() ?? '')), 'close');
    run.write('\n');
    const [, octal = ''] = await run.prints(/flags:\s+(\d+)/);
    expect(Number.parseInt(octal, 8) & constants.O_NONBLOCK).toBe(0);
    expect(await run.ended).toMatchObject({ code: 0 });
  });

  test('blocks after the run, even if it did not at its start', async () => {
    const desk = new Desk();
    // Node makes its output non-blocking.
    const node = 'process.stdout.write("\\n"); fs.writeFileSync("ready", ""); setInterval(() => {}, 1000)';
    const look = 'grep flags /proc/$shell/fdinfo/1 >&2';
    const line = `
      { "${process.execPath}" -e '${node}' & until [ -e ready ]; do sleep 0.01; done
        shell=$BASHPID; ${look}; livinglock run job -- true; ${look}; kill -9 $!; } | cat`;
    const { stderr } = await desk.bash(line);
    const [before, after] = [...stderr.matchAll(/flags:\s+(\d+)/g)].map(
      ([, octal = '']) => Number.parseInt(octal, 8) & constants.O_NONBLOCK,
    );
    expect({ before, after }).toEqual({ before: constants.O_NONBLOCK, after: 0 });
  });
});

describe.skipIf(!isLinux)('what is not UTF-8', () => {
  test('is refused as an argument, which Node would change', async () => {
    const desk = new Desk();
    const line = `touch $'caf\\xe9'; livinglock run job -- rm $'caf\\xe9'`;
    const { code, stderr } = await desk.bash(line);
    expect({ code, stderr }).toEqual({ code: 64, stderr: oneLineWith('An argument is not UTF-8') });
    expect(desk.holds('job')).toBe(false);
    expect(await desk.run(['run', 'job', '--', 'echo', 'caf\u{fffd}'])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  test('is reported as a variable', async () => {
    const desk = new Desk();
    const line = `env LEGACY=$'caf\\xe9' livinglock run job -- true`;
    expect(await desk.bash(line)).toMatchObject({ code: 0, stderr: oneLineWith('LEGACY: not valid UTF-8') });
    expect(await desk.bash(line.replace('run', 'run -q'))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe.skipIf(!isPosix)('SIGHUP', () => {
  test('does not reach the command with --ignore-hangup', async () => {
    const desk = new Desk();
    const run = desk.start([
      'run',
      '--ignore-hangup',
      'job',
      '--',
      'sh',
      '-c',
      'echo ready; read -r line; exit 6',
    ]);
    await run.prints(/ready/);
    run.signal('SIGHUP');
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 6 });
  });

  test('is ignored by a command behind nohup, and waited for', async () => {
    const desk = new Desk();
    const run = desk.start(['run', 'job', '--', 'nohup', 'sh', '-c', 'echo ready; read -r line; exit 6']);
    await run.prints(/ready/);
    run.signal('SIGHUP');
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 6 });
  });
});

/** Loaded by the runner: sends it a signal right before or right after a call of Node's. */
function interruption(desk: Desk, module: string, call: string, when: 'before' | 'after'): NodeJS.ProcessEnv {
  const hook = join(desk.folder, 'hook.cjs');
  const signal = 'process.kill(process.pid, process.env.SIGNAL)';
  writeFileSync(
    hook,
    `const module_ = require('${module}');
     const call = module_.${call};
     module_.${call} = (...args) => {
       ${when === 'before' ? `${signal}; return call(...args);` : `const result = call(...args); ${signal}; return result;`}
     };
     require('module').syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--require=${hook}` };
}

describe.skipIf(!isPosix)('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGALRM', 142],
  ] as const)(
    'between the acquisition and the start keeps the command from starting (%s)',
    async (SIGNAL, code) => {
      const desk = new Desk();
      const env = { ...interruption(desk, 'fs', 'linkSync', 'after'), SIGNAL };
      expect(await desk.run(['run', 'job', '--', 'echo', 'never'], env)).toMatchObject({
        code,
        stdout: '',
        stderr: '',
      });
      expect(desk.holds('job')).toBe(false);
    },
  );

  test.each(['before', 'after'] as const)('right %s the start reaches the command', async (when) => {
    const desk = new Desk();
    const env = { ...interruption(desk, 'child_process', 'spawn', when), SIGNAL: 'SIGINT' };
    expect(await desk.run(['run', 'job', '--', 'sleep', '1000'], env)).toMatchObject({ code: 130 });
    expect(desk.holds('job')).toBe(false);
  });
});
