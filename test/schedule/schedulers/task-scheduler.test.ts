import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quoteForWindows } from '../../../src/schedule/quote.js';
import { taskScheduler } from '../../../src/schedule/schedulers/task-scheduler.js';
import { parseAt } from '../../../src/schedule/timing/parse-timing.js';
import type { Timing } from '../../../src/schedule/timing/timing.js';
import { apply, FakePrograms, isInstalled, linesOf, NASTY, refusalOf, someJob } from '../support.js';

const installer = taskScheduler(new FakePrograms().run);

/** Maps the name of every element that has a text to that text. */
const READ = `
import json, sys, xml.etree.ElementTree as tree
print(json.dumps({e.tag.split('}')[1]: e.text for e in tree.fromstring(sys.stdin.buffer.read()).iter() if len(e) == 0}))`;

describe.skipIf(!isInstalled('python3', '--version'))('a task (read by python3, if it is there)', () => {
  const read = (text: string | Buffer): unknown =>
    JSON.parse(execFileSync('python3', ['-c', READ], { input: text, encoding: 'utf8' }));

  it('has every argument quoted for Windows', () => {
    const command = ['C:\\Program Files\\nödejs\\node.exe', ...NASTY, 'line\nbreak\t'];
    expect(read(installer.configure(someJob({ command, directory: 'C:\\<日本>' })).text)).toMatchObject({
      Command: command[0],
      Arguments: command.slice(1).map(quoteForWindows).join(' '),
      WorkingDirectory: 'C:\\<日本>',
      MultipleInstancesPolicy: 'Parallel',
      ExecutionTimeLimit: 'PT0S',
    });
  });

  it('is the same in any encoding in which a shell writes it to a file', () => {
    const { text } = installer.configure(someJob({ directory: 'C:\\日本 🔒' }));
    expect(text).toMatch(/^[\n -~]*$/);
    expect(read(Buffer.from(`\ufeff${text}`, 'utf16le'))).toEqual(read(text));
  });
});

describe('a task', () => {
  const textOf = (timing: Timing) => installer.configure(someJob({ timing })).text;

  it.each<[Timing, string]>([
    [{ kind: 'every', seconds: 60 }, '<Interval>PT1M</Interval>'],
    [{ kind: 'every', seconds: 90 }, '<Interval>PT90S</Interval>'],
    [{ kind: 'every', seconds: 5 * 3600 }, '<Interval>PT300M</Interval>'],
    [{ kind: 'every', seconds: 2 * 86_400 }, '<DaysInterval>2</DaysInterval>'],
    [parseAt('03:30'), '<StartBoundary>2024-01-01T03:30:00</StartBoundary>'],
  ])('starts %j', (timing, trigger) => {
    expect(textOf(timing)).toContain(trigger);
  });

  it('cannot start more than once a minute', () => {
    expect(refusalOf(() => textOf({ kind: 'every', seconds: 30 }))).toMatch(
      /^refused: The Task Scheduler cannot run a job every 30s: the shortest interval is 1m/,
    );
  });

  it('is created in UTF-16, once, and deleted', async () => {
    let task: string | null = null;
    let file = '';
    const schtasks = new FakePrograms((call) => {
      expect(call).toContain('/tn \\livinglock\\parser ');
      if (call.includes(' /query ')) {
        if (task === null) return { status: 1, stderr: 'ERROR: The system cannot find the file specified.' };
        return { stdout: Buffer.from(task.replaceAll(/\s+/g, ' ')) };
      }
      file = / \/xml (.+) \/f$/.exec(call)?.[1] ?? '';
      task = call.includes(' /delete ') ? null : readFileSync(file, 'utf16le');
      return {};
    });
    const installed = taskScheduler(schtasks.run);

    const steps = await installed.install(someJob());
    expect(linesOf(steps)).toContain('+         <Interval>PT2M</Interval>');
    await apply(steps);
    expect(task).toBe(`\ufeff${installed.configure(someJob()).text}`.replaceAll('\n', '\r\n'));
    expect(existsSync(file)).toBe(false);
    expect(await installed.install(someJob())).toEqual([]);
    expect(linesOf(await installed.install(someJob({ directory: 'C:\\' })))).toContain('- the old content');

    await apply(await installed.uninstall('parser'));
    expect(task).toBeNull();
    expect(await installed.uninstall('parser')).toEqual([]);
  });
});
