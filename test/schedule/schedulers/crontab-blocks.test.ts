import {
  array,
  assert,
  constantFrom,
  oneof,
  property,
  shuffledSubarray,
  stringMatching,
  tuple,
  uint8Array,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOf, blocksIn, withBlock } from '../../../src/schedule/schedulers/crontab-blocks.js';
import { refusalOf } from '../support.js';

const OTHERS = [
  'MAILTO="ops@example.org"\n',
  'SHELL=/bin/bash\r\n',
  '# livinglock is nice\n',
  '*/5 * * * * /usr/bin/true 100\\%\n',
  '\n',
  '  \t\n',
  '@reboot caf\xe9 \xff\xfe\n',
  '0 0 * * * no line break here',
];

const RUN = '*/2 * * * * node livinglock.js run parser -- true';

describe('a crontab with the lines of others', () => {
  it('is the same, byte for byte, after jobs were added and removed in any order', () => {
    const line = constantFrom(...OTHERS.map((text) => Buffer.from(text, 'latin1')));
    const content = array(
      oneof(
        line,
        uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    );
    const names = ['parser', 'parser.lock', 'a-b', 'a'];
    assert(
      property(
        content.map((parts) => Buffer.concat(parts).toString('latin1')),
        shuffledSubarray(names, { minLength: 1 }),
        shuffledSubarray(names, { minLength: names.length }),
        tuple(stringMatching(/^[ -~]*$/), stringMatching(/^[ -~]*$/)),
        (before, coming, going, [first, second]) => {
          let crontab = before;
          for (const name of coming)
            crontab = withBlock(crontab, name, blockOf(name, `${first} run ${name}`));
          for (const name of coming)
            crontab = withBlock(crontab, name, blockOf(name, `${second} run ${name}`));
          expect(crontab.startsWith(before)).toBe(true);
          for (const name of going) crontab = withBlock(crontab, name, null);
          expect(Buffer.from(crontab, 'latin1')).toEqual(Buffer.from(before, 'latin1'));
        },
      ),
    );
  });

  it('has a job only once, in its old place, with its newest line', () => {
    const once = `${withBlock('A=1\n', 'parser', blockOf('parser', 'old run parser'))}B=2\n`;
    const twice = withBlock(once, 'parser', blockOf('parser', 'new run parser'));
    expect(twice).toBe(`A=1\n${blockOf('parser', 'new run parser')}B=2\n`);
    expect(withBlock(twice, 'parser', blockOf('parser', 'new run parser'))).toBe(twice);
  });

  it('keeps lines that were added after one without a line break', () => {
    const added = `${withBlock('A=1', 'parser', blockOf('parser', RUN))}B=2\n`;
    expect(withBlock(added, 'parser', null)).toBe('A=1\nB=2\n');
  });

  it('may have been saved with other line breaks by an editor', () => {
    const saved = withBlock('A=1\n', 'parser', blockOf('parser', RUN)).replaceAll('\n', '\r\n');
    expect(withBlock(saved, 'parser', null)).toBe('A=1\r\n');
  });
});

describe('the lines of a job that were changed by hand', () => {
  const block = blockOf('parser', RUN);
  it.each([
    ['with others between them', block.replace(RUN, `${RUN}\n0 0 * * * theirs`)],
    ['with one of somebody else in place of ours', block.replace(RUN, '5 5 * * * theirs')],
    ['without their end', block.split('\n').slice(0, 2).join('\n')],
    ['without their beginning', block.split('\n').slice(1).join('\n')],
    ['that appear twice', block + block],
    ['in another order', block.trimEnd().split('\n').reverse().join('\n')],
  ])('%s are left alone', (_, crontab) => {
    for (const change of [null, block]) {
      expect(refusalOf(() => withBlock(crontab, 'parser', change))).toMatch(
        /^failed: The lines of the job parser in the crontab were changed by hand\. Remove them with crontab -e/,
      );
    }
  });

  it('are found whatever characters are in the command', () => {
    const line = `${RUN} a\rb\u2028c`;
    expect(blocksIn(blockOf('parser', line))).toEqual([{ name: 'parser', line }]);
  });

  it('are removed when only the middle one is missing', () => {
    expect(withBlock(`A=1\n${block.replace(`${RUN}\n`, '')}B=2\n`, 'parser', null)).toBe('A=1\nB=2\n');
  });
});
