import { beforeEach, describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/cli/notify/event.js';
import { Pinger } from '../../../src/cli/notify/healthchecks-ping.js';
import { type PingServer, pingServer } from '../../../support/ping-server.js';
import { messages } from '../run/stage.js';
import { someFacts } from './some-facts.js';

describe('a service', () => {
  let server: PingServer;
  let said: string[];

  beforeEach(async () => {
    server = await pingServer();
    said = messages();
  });

  function pinger(path = '/secret', signal = new AbortController().signal): Pinger {
    return new Pinger(new URL(`${server.url}${path}`), signal);
  }

  const targets = () =>
    server.pings.map(({ target }) =>
      target.replace(/rid=[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, 'rid=RUN'),
    );

  it('is told the start, a stall and the end of a run, which is always the same one', async () => {
    const one = pinger();
    await one.tell('start', someFacts(), null);
    await one.tell('stall', someFacts({ reason: 'it has not written anything for 15 minutes' }), null);
    await one.tell('end', someFacts({ outcome: 'succeeded', exitCode: 0 }), null);
    await pinger().tell('start', someFacts(), null);
    expect(targets()).toEqual([
      '/secret/start?rid=RUN',
      '/secret/log?rid=RUN',
      '/secret?rid=RUN',
      '/secret/start?rid=RUN',
    ]);
    const runs = server.pings.map(({ target }) => target.replace(/.*rid=/, ''));
    expect(new Set(runs.slice(0, 3)).size).toBe(1);
    expect(runs[3]).not.toBe(runs[0]);
    expect(server.pings.map(({ body }) => body)).toEqual([
      '',
      'stalled: it has not written anything for 15 minutes\n',
      'succeeded, exit status 0, after 3 seconds\n',
      '',
    ]);
    expect(said).toEqual([]);
  });

  it.each<[Partial<Facts>, string, string]>([
    [{ outcome: 'failed', exitCode: 4 }, '/secret/4', 'failed, exit status 4, after 3 seconds'],
    [{ outcome: 'ended-by-signal', exitCode: 137 }, '/secret/137', 'ended-by-signal, exit status 137'],
    [
      { outcome: 'not-started', exitCode: 127, reason: 'There is no such command.' },
      '/secret/127',
      'not-started, exit status 127, after 3 seconds: There is no such command.',
    ],
    [{ outcome: 'failed', exitCode: 3_221_225_786 }, '/secret/fail', 'failed'],
    [
      { outcome: 'lost', exitCode: 76, reason: 'PID 4242 (mysql -psecret)' },
      '/secret/76',
      'lost, exit status 76, after 3 seconds\n',
    ],
    [
      { outcome: 'not-started', exitCode: 73, reason: 'PID 4242 (mysql -psecret) could not be ended.' },
      '/secret/73',
      'not-started, exit status 73, after 3 seconds\n',
    ],
    [{ outcome: 'failed', exitCode: 0 }, '/secret/fail', 'failed'],
  ])('is told of %j', async (facts, path, body) => {
    await pinger().tell('end', someFacts(facts), null);
    expect(targets()).toEqual([`${path}?rid=RUN`]);
    expect(server.pings[0]?.body).toContain(body);
  });

  it('may have a query and a slash at the end of its URL', async () => {
    await pinger('/key/slug/?create=1').tell('start', someFacts(), null);
    expect(targets()).toEqual(['/key/slug/start?create=1&rid=RUN']);
  });

  it('gets the end of the output, in whole characters', async () => {
    const output = Buffer.from(`${'é'.repeat(60_000)}.`);
    await pinger().tell('end', someFacts({ outcome: 'succeeded' }), output);
    expect(server.pings[0]?.body).toBe(`${'é'.repeat(49_999)}.`);
  });

  it('gets no more of the output than it keeps', async () => {
    server.reactions.push({ status: 200, headers: { 'Ping-Body-Limit': '3' } });
    const one = pinger();
    await one.tell('start', someFacts(), null);
    await one.tell('end', someFacts({ outcome: 'succeeded' }), Buffer.from('abcdef'));
    expect(server.pings[1]?.body).toBe('def');
  });

  it('gets all that is known if no output is kept', async () => {
    await pinger().tell('end', someFacts({ outcome: 'failed', exitCode: 4 }), null);
    expect(server.pings[0]?.body).toBe('failed, exit status 4, after 3 seconds\n');
  });

  it.each([
    [{ status: 404 }, 'HTTP 404 Not Found'],
    [{ status: 200, text: 'OK (not found)' }, 'OK (not found)'],
    [{ status: 200, text: 'OK (rate limited)' }, 'OK (rate limited)'],
  ])('that answers with %j is one message, which does not show the URL', async (reaction, words) => {
    server.reactions.push(reaction);
    await pinger().tell('start', someFacts(), null);
    const { host } = new URL(server.url);
    expect(said).toEqual([expect.stringContaining(`The ping (start) did not reach ${host}: ${words}.\n`)]);
    expect(said.join()).not.toContain('secret');
  });

  it('is not mentioned when the user has given up', async () => {
    await pinger('/secret', AbortSignal.abort()).tell('start', someFacts(), null);
    expect(said).toEqual([]);
    expect(server.pings).toEqual([]);
  });
});
