import { expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/errors/exit-codes.js';
import { parseKinds, parsePingUrl } from '../../../src/cli/notify/notify-options.js';

it('events are named in a list', () => {
  expect(parseKinds('failure')).toEqual(['failure']);
  expect(parseKinds('skip, start')).toEqual(['skip', 'start']);
});

it.each(['', 'failed', 'start,', 'start stall'])('%j is no list of events', (text) => {
  expect(() => parseKinds(text)).toThrow('one or more of start, stall, lost, success, failure, skip');
});

it('a URL to ping is one of HTTP', () => {
  expect(parsePingUrl('https://ops:x@hc-ping.com/a?create=1').href).toBe(
    'https://ops:x@hc-ping.com/a?create=1',
  );
  expect(parsePingUrl('http://localhost:8000/ping/a').port).toBe('8000');
});

it.each([
  '',
  'secret',
  'ftp://secret',
  'https://',
  'file:///secret',
  'https://a/secret\n',
  'javascript:secret',
])('%j is no URL to ping, and is not shown', (text) => {
  const complaint = expect.stringMatching(/^(?!.*secret).*--ping, LIVINGLOCK_PING_URL/);
  expect(() => parsePingUrl(text)).toThrow(
    expect.objectContaining({ exitCode: ExitCode.usage, message: complaint }),
  );
});
