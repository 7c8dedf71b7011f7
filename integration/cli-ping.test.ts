import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPosix } from '../support/machine.js';
import { type PingServer, pingServer } from '../support/ping-server.js';
import { Desk, oneLineWith } from './support/desk.js';

// `livinglock run --ping`. The server is that of the test.

const OBEDIENT = ['sh', '-c', 'echo at work; read -r answer; exit $answer'];

/** The last parts of the paths that were asked for; empty for a success. */
const endpoints = ({ pings }: PingServer) =>
  pings.map(({ target }) => target.replace(/\?.*/, '').replace(/^\/secret\/?/, ''));

describe.skipIf(!isPosix)('a run with --ping', () => {
  test.each<[string, string[], string[], string | RegExp]>([
    ['succeeds', ['job', '--', 'true'], ['start', ''], 'succeeded, exit status 0'],
    ['fails', ['job', '--', 'sh', '-c', 'exit 4'], ['start', '4'], 'failed, exit status 4'],
    ['has no command', ['job', '--', 'no-such-command'], ['127'], 'There is no command'],
    [
      'hides its command',
      ['--label', 'nightly', 'job', '--', '/no/such/program'],
      ['127'],
      /^not-started, exit status 127, after [\d.]+ (?:ms|seconds?)\n$/,
    ],
    [
      'stalls',
      ['--heartbeat', 'manual', '--stale-timeout', '300ms', 'job', '--', 'sleep', '100'],
      ['start', 'log', '124'],
      'has not called `livinglock beat`',
    ],
    ['takes too long', ['--timeout', '300ms', 'job', '--', 'sleep', '100'], ['start', '124'], 'timed-out'],
    [
      'loses its lock',
      ['job', '-c', '"$LIVINGLOCK" break --force job > /dev/null'],
      ['start', '76'],
      'lost, exit status 76',
    ],
  ])('that %s says so', async (_what, args, expected, words) => {
    const [desk, server] = [new Desk(), await pingServer()];
    const { stdout } = await desk.run(['run', '--ping', `${server.url}/secret`, ...args]);
    expect(stdout).toBe('');
    expect(endpoints(server)).toEqual(expected);
    expect(server.pings.at(-1)?.body).toMatch(words);
    const runs = server.pings.map(({ target }) => /\?rid=([\da-f-]{36})$/.exec(target)?.[1]);
    expect(new Set(runs).size).toBe(1);
    expect(runs[0]).toBeDefined();
  });

  test.each<[string, string[], string, string | RegExp]>([
    ['--log', ['--log'], 'echo one; exit 4', 'one\n'],
    ['--log, of a success', ['--log'], 'echo one', 'one\n'],
    ['--log=FILE', ['--log=file'], 'echo one; exit 4', 'one\n'],
    ['--output on-failure', ['--output', 'on-failure'], 'echo one >&2; exit 4', 'one\n'],
    ['--output never --log', ['--output', 'never', '--log'], 'echo one; echo two >&2', 'one\ntwo\n'],
    ['--log, of nothing', ['--log'], 'exit 4', /^failed, exit status 4/],
    ['--output never', ['--output', 'never', '--heartbeat', 'output'], 'echo one', /^succeeded/],
    ['no option for it', ['--heartbeat', 'output'], 'echo one', /^succeeded/],
  ])('sends the end of the output if it is kept: %s', async (_what, options, line, body) => {
    const [desk, server] = [new Desk(), await pingServer()];
    await desk.run(['run', '--ping', server.url, ...options, 'job', '-c', line]);
    expect(server.pings.map((ping) => ping.body)).toEqual(['', expect.stringMatching(body)]);
    if (typeof body === 'string') expect(server.pings[1]?.body).toBe(body);
  });

  test('sends 100 kB of the end of a longer output, and no part of a character', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    // 3 bytes each, and two newlines: the limit is within a character.
    const write = `printf '€%.0s' $(seq 50000); echo; echo`;
    await desk.run(['run', '--ping', server.url, '--log', 'job', '--', 'bash', '-c', write]);
    expect(server.pings[1]?.body).toBe(`${'€'.repeat(33_332)}\n\n`);
  });

  test('that is skipped says nothing', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    await desk.live('job');
    await desk.run(['run', '-q', '--ping', `${server.url}/secret`, 'job', '--', 'true']);
    expect(server.pings).toEqual([]);
  });

  test('reports the start while it works, and the end when its lock is free', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    server.reactions.push('silence');
    const run = desk.start(['run', '--ping', `${server.url}/secret`, 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    run.write('0\n');
    // A service that says nothing keeps the runner, but not the lock.
    expect(await desk.run(['run', '--wait', '30s', 'job', '--', 'true'])).toMatchObject({ code: 0 });
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expect(endpoints(server)).toEqual(['start', 'start', '']);
  });

  test('is as without it if nobody answers, except for one line for each ping', async () => {
    const desk = new Desk();
    const options = ['--ping', 'http://user:password@127.0.0.1:1/secret'];
    const { code, stdout, stderr } = await desk.run(['run', ...options, 'job', '-c', 'echo out; exit 4']);
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'out\n' });
    expect(stderr).toMatch(
      /^.*The ping \(start\) did not .*\n.*The ping \(4\) did not reach 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/,
    );
    expect(stderr).not.toMatch(/secret|password/);
  });

  test('takes the URL from the environment, and does not pass it on', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    const env = { LIVINGLOCK_PING_URL: `${server.url}/secret` };
    const inner = '"$LIVINGLOCK" run inner -- true; env > env';
    expect(await desk.run(['run', 'job', '-c', inner], env)).toMatchObject({ code: 0 });
    expect(endpoints(server)).toEqual(['start', '']);
    expect(readFileSync(join(desk.folder, 'env'), 'utf8')).not.toMatch(/PING_URL|secret/);
  });

  test('shows the URL nowhere', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    const run = desk.start(['run', '--ping', `${server.url}/secret`, 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    const seen = [(await desk.run(['status', '--json'])).stdout, JSON.stringify(desk.record('job'))];
    run.write('1\n');
    seen.push((await run.ended).stderr, (await desk.run(['history', '--json'])).stdout);
    expect(seen.join('')).toContain('read -r answer');
    expect(seen.join('')).not.toContain('secret');
    for (const url of ['ftp://secret', 'secret', 'https://secret:x:y'])
      expect(await desk.run(['run', '--ping', url, 'job', '--', 'true'])).toMatchObject({
        code: 64,
        stderr: oneLineWith(/(?<!secret.*)--ping(?!.*secret)/),
      });
  });

  test('that was refused by the service says so', async () => {
    const [desk, server] = [new Desk(), await pingServer()];
    server.reactions.push({ status: 200, text: 'OK (not found)' });
    const { stderr } = await desk.run(['run', '--ping', `${server.url}/secret`, 'job', '--', 'true']);
    expect(stderr).toEqual(oneLineWith('The ping (start) did not reach'));
  });
});
