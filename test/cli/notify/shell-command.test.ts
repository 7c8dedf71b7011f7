import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventOf } from '../../../src/cli/notify/event.js';
import { notifyBy } from '../../../src/cli/notify/shell-command.js';
import { waitForEndOf } from '../../../support/machine.js';
import { killAtTheEnd } from '../../../support/running.js';
import { temporaryFolder } from '../../../support/world.js';
import { messages } from '../run/stage.js';
import { someFacts } from './some-facts.js';

describe.skipIf(process.platform === 'win32')('a command that is told about an event', () => {
  const event = eventOf('failure', someFacts({ outcome: 'failed', exitCode: 4 }));
  let folder: string;
  let said: string[];

  beforeEach(() => {
    folder = temporaryFolder();
    vi.stubEnv('IN', folder);
    said = messages();
  });

  afterEach(() => vi.unstubAllEnvs());

  function notify(line: string, changes: { timeout?: number; signal?: AbortSignal } = {}): Promise<void> {
    return notifyBy({ line, descriptors: [], signal: new AbortController().signal, ...changes }, event);
  }

  const written = (file: string) => readFileSync(join(folder, file), 'utf8');
  const made = (file: string) =>
    vi.waitFor(() => expect(existsSync(join(folder, file)) && written(file)).toMatch(/\n$/), {
      timeout: 20_000,
    });

  async function expectToEnd(pids: readonly number[]): Promise<void> {
    for (const pid of pids) killAtTheEnd(pid);
    await waitForEndOf(pids);
  }

  it('gets it as one line of JSON', async () => {
    await notify('cat > "$IN/event"');
    expect(written('event')).toBe(`${JSON.stringify(event)}\n`);
    expect(said).toEqual([]);
  });

  it('gets it as variables too, and calls livinglock, but is not the job', async () => {
    vi.stubEnv('LIVINGLOCK_PING_URL', 'https://secret');
    await notify('env > "$IN/env"');
    const names = written('env')
      .split('\n')
      .map((line) => line.replace(/=.*/, ''));
    expect(names).toEqual(
      expect.arrayContaining(['LIVINGLOCK', 'LIVINGLOCK_PATH', 'LIVINGLOCK_EVENT', 'PATH']),
    );
    expect(names).not.toContain('LIVINGLOCK_TOKEN');
    expect(names).not.toContain('LIVINGLOCK_PING_URL');
  });

  it('need not read it', async () => {
    await notify('exec 0<&-');
    expect(said).toEqual([]);
  });

  it('gets the beginning of a long command line', async () => {
    const long = eventOf('failure', someFacts({ command: 'x'.repeat(1_000_000) }));
    const line = 'echo "$LIVINGLOCK_EVENT_COMMAND" > "$IN/command"';
    await notifyBy({ line, descriptors: [], signal: new AbortController().signal }, long);
    expect(written('command')).toMatch(/^x{500}/);
  });

  it('writes nothing that anyone sees, as long as all goes well', async () => {
    await notify('echo ok; echo warning > /dev/stderr; head -c 1000000 /dev/zero');
    expect(said).toEqual([]);
  });

  it.each([
    ['echo one; echo "no such host" >&2; echo; exit 22', 'exited with 22: no such host\n'],
    ['exit 3', 'exited with 3.\n'],
    ['kill -SEGV $$', 'was ended by SIGSEGV.\n'],
    ['no-such-program', /exited with 127: .*no-such-program.*not found\n/],
  ])('that fails (%s) is one message', async (line, words) => {
    await notify(line);
    expect(said).toEqual([expect.stringMatching(/The command of --notify \(failure\) /)]);
    expect(said[0]).toMatch(words);
  });

  it('is ended with all that it has started when its time is over', async () => {
    await notify(
      'sleep 1000 & echo $! > "$IN/pids"; trap "" TERM; echo $$ >> "$IN/pids"; while :; do sleep 0.05; done',
      {
        timeout: 300,
      },
    );
    await expectToEnd(written('pids').trim().split('\n').map(Number));
    expect(said).toEqual([expect.stringMatching(/was still at work after .*, and was ended\.\n$/)]);
  });

  it('is ended if it leaves something running', async () => {
    await notify('sleep 1000 & echo $! > "$IN/pid"', { timeout: 300 });
    await expectToEnd([Number(written('pid'))]);
    expect(said).toHaveLength(1);
  });

  it('is ended on request, without a word', async () => {
    const over = new AbortController();
    const told = notify('echo $$ > "$IN/pid"; exec sleep 1000', { signal: over.signal });
    await made('pid');
    over.abort();
    await told;
    await expectToEnd([Number(written('pid'))]);
    expect(said).toEqual([]);
  });

  it('may be impossible to start, which is one message', async () => {
    vi.stubEnv('LARGE', 'x'.repeat(3_000_000));
    await notify('true');
    expect(said).toEqual([
      expect.stringMatching(/Cannot start the command of --notify \(failure\): .*E2BIG/),
    ]);
  });
});
