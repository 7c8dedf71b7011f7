import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatTimestamp } from '../../../src/cli/terminal/local-time.js';
import { about } from '../../../src/cli/terminal/messages.js';
import { oneLine } from '../../../src/core/describe-holder.js';

describe('a text from others', () => {
  it.each([
    { text: 'two\nlines', line: 'two lines' },
    { text: '\u001B[2Jgone', line: '\uFFFD[2Jgone' },
    { text: 'a\u202Eb\u2066c', line: 'a\uFFFDb\uFFFDc' },
    { text: 'a\u200Eb\u061Cc\u200Bd\uFFF9', line: 'a\uFFFDb\uFFFDc\uFFFDd\uFFFD' },
    { text: '👩\u200D💻 می\u200Cخواهم', line: '👩\u200D💻 می\u200Cخواهم' },
    { text: ' 日本語 🔒 ', line: '日本語 🔒' },
  ])('becomes one line without control characters: $line', ({ text, line }) => {
    expect(oneLine(text)).toBe(line);
  });
});

describe('a text about a job', () => {
  it.each([
    { job: 'backup', lock: '/locks/backup.lock', text: 'It has stalled.', said: 'backup: It has stalled.' },
    { job: 'backup', lock: '/locks/backup.lock', text: '/locks/backup.lock was lost.' },
    { job: 'backup', lock: '/locks/backup.lock', text: 'Cannot read the lock /locks/backup.lock: EIO' },
    { job: 'nightly', lock: null, text: '/a.lock was lost.', said: 'nightly: /a.lock was lost.' },
    // A lock in a database.
    { job: 'command', lock: 'command', text: 'The command goes on.', said: 'command: The command goes on.' },
    { job: 'command', lock: 'command', text: 'command was lost.' },
  ])('names it once: $text', ({ job, lock, text, said }) => {
    expect(about({ job, lock }, text)).toBe(said ?? text);
  });

  it('is left as it is without a job', () => {
    expect(about(null, 'Wrong.')).toBe('Wrong.');
    expect(about({ job: '', lock: '' }, 'Wrong.')).toBe('Wrong.');
  });
});

describe('a time stamp', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    { zone: 'UTC', text: '2026-07-01T02:03:04+00:00' },
    { zone: 'America/St_Johns', text: '2026-06-30T23:33:04-02:30' },
    { zone: 'Asia/Kolkata', text: '2026-07-01T07:33:04+05:30' },
  ])('is local, in $zone', ({ zone, text }) => {
    vi.stubEnv('TZ', zone);
    expect(formatTimestamp(new Date('2026-07-01T02:03:04.567Z'))).toBe(text);
  });
});
