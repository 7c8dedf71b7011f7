import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OutputPassage } from '../../../../src/cli/run/output/pass-output.js';
import { makeRealPipes } from '../../../../src/cli/run/start/real-pipes.js';
import { poll } from '../../../../support/running.js';
import { temporaryFolder } from '../../../../support/world.js';
import { messages } from '../stage.js';

describe.runIf(process.platform !== 'win32')('passing output on', () => {
  function passage(source: Readable, descriptor: number, onOutput = () => {}): OutputPassage {
    const passing = new OutputPassage({ source, descriptor, name: 'stdout' }, onOutput);
    onTestFinished(() => void source.destroy());
    return passing;
  }

  function file(flags: string, path = join(temporaryFolder(), 'out')) {
    const descriptor = openSync(path, flags);
    onTestFinished(() => closeSync(descriptor));
    return { descriptor, path };
  }

  it('writes every byte, and tells of each part as it comes and when it is written', async () => {
    const { descriptor, path } = file('w');
    const source = new PassThrough();
    let parts = 0;
    const passing = passage(source, descriptor, () => {
      parts += 1;
    });
    source.write('one ');
    await new Promise(setImmediate);
    source.end('two');
    await passing.drain();
    expect(readFileSync(path, 'utf8')).toBe('one two');
    expect(parts).toBe(4);
    expect(passing.failure).toBeNull();
    expect(source.destroyed).toBe(true);
  });

  it('tells of a part again once it is written: a slow reader holds the command up', async () => {
    const source = new PassThrough();
    let told = 0;
    let written = () => {};
    const outlet = () => new Promise<void>((resolve) => (written = resolve));
    const passing = new OutputPassage({ source, descriptor: 1, name: 'stdout' }, () => told++, outlet);
    source.end('one');
    await new Promise(setImmediate);
    expect([told, passing.isHeldUp]).toEqual([1, true]);
    written();
    await passing.drain();
    expect([told, passing.isHeldUp]).toEqual([2, false]);
  });

  it('ends after a silence if something else still has the output open', async () => {
    const { descriptor, path } = file('w');
    const source = new PassThrough();
    const passing = passage(source, descriptor);
    source.write('before');
    await passing.drain();
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(source.destroyed).toBe(true);
    expect(passing.failure).toBeNull();
  });

  it('does not take for silence that this process was held up itself', async () => {
    const { descriptor, path } = file('w');
    const [pipe] = makeRealPipes(1) ?? [];
    if (pipe === undefined) throw new Error('No pipe could be made.');
    const { descriptor: daemon } = file('a', `/dev/fd/${pipe.writing}`);
    const source = pipe.open();
    const passing = passage(source, descriptor);
    writeSync(daemon, 'one ');
    await poll('Nothing was passed on', () => readFileSync(path, 'utf8') !== '');
    // The next thing that the event loop looks at is the time.
    await new Promise(setImmediate);
    const draining = passing.drain();
    writeSync(daemon, 'two');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    await draining;
    expect(readFileSync(path, 'utf8')).toBe('one two');
  });

  it.each([1, 100_000])('ends although something else goes on writing: %s bytes at once', async (size) => {
    const { descriptor } = file('w');
    const source = new PassThrough();
    const passing = passage(source, descriptor);
    const writing = setInterval(() => source.destroyed || source.write(Buffer.alloc(size)), 10);
    onTestFinished(() => clearInterval(writing));
    await passing.drain();
    expect(source.destroyed).toBe(true);
    expect(passing.failure).toBeNull();
  });

  it('ends if it must not wait for a reader any longer, and says what is lost', async () => {
    const said = messages();
    const [pipe] = makeRealPipes(1) ?? [];
    if (pipe === undefined) throw new Error('No pipe could be made.');
    const { descriptor } = file('a', `/dev/fd/${pipe.writing}`);
    const reading = pipe.open();
    onTestFinished(() => void reading.destroy());
    const source = new PassThrough();
    const passing = passage(source, descriptor);
    source.write(Buffer.alloc(1_000_000));
    const over = new AbortController();
    const draining = passing.drain(over.signal);
    setImmediate(() => over.abort());
    await draining;
    expect(source.destroyed).toBe(true);
    expect(passing.failure).toBe('unread');
    expect(said).toEqual([
      expect.stringContaining("The command's stdout could not be written in time. The rest of it is lost."),
    ]);
  });

  it('stops reading when nobody reads, as SIGPIPE would say', async () => {
    const said = messages();
    const [pipe] = makeRealPipes(1) ?? [];
    if (pipe === undefined) throw new Error('No pipe could be made.');
    const { descriptor } = file('a', `/dev/fd/${pipe.writing}`);
    const reading = pipe.open();
    reading.destroy();
    await once(reading, 'close');
    const source = new PassThrough();
    const passing = passage(source, descriptor);
    source.write('lost');
    await passing.drain();
    expect(source.destroyed).toBe(true);
    expect(passing.failure).toBe('unread');
    expect(said).toEqual([]);
  });

  it('says what is lost when output cannot be written', async () => {
    const said = messages();
    const { descriptor } = file('r', import.meta.filename);
    const source = new PassThrough();
    const passing = passage(source, descriptor);
    source.write('lost');
    await passing.drain();
    expect(source.destroyed).toBe(true);
    expect(passing.failure).toBe('failed');
    expect(said).toEqual([expect.stringContaining("The command's stdout cannot be written: EBADF")]);
  });
});
