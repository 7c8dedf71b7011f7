import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { post } from '../../../src/cli/notify/post.js';
import { pingServer } from '../../../support/ping-server.js';

const QUICK = { timeout: 10_000, tryTimeout: 5000, pauses: [1, 1] };
const NOTHING = Buffer.alloc(0);

describe('a request', () => {
  function send(url: string, changes: Partial<typeof QUICK> = {}, signal = new AbortController().signal) {
    return post(new URL(`${url}/secret`), Buffer.from('done'), signal, { ...QUICK, ...changes });
  }

  it('has a body, and an answer', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push({ status: 201, text: 'Created', headers: { 'Ping-Body-Limit': '10' } });
    expect(await send(url)).toMatchObject({ text: 'Created', headers: { 'ping-body-limit': '10' } });
    expect(pings).toMatchObject([
      {
        method: 'POST',
        target: '/secret',
        body: 'done',
        headers: { 'content-length': '4', 'user-agent': 'livinglock' },
      },
    ]);
  });

  it('has the user and the password of the URL', async () => {
    const { url, pings } = await pingServer();
    await send(url.replace('//', '//ops:pass%20word@'));
    expect(pings[0]?.headers['authorization']).toBe(
      `Basic ${Buffer.from('ops:pass word').toString('base64')}`,
    );
  });

  it.each([429, 500, 503])('is repeated after %i', async (status) => {
    const { url, pings, reactions } = await pingServer();
    reactions.push({ status }, { status });
    expect(await send(url)).toMatchObject({ text: 'OK' });
    expect(pings.map(({ body }) => body)).toEqual(['done', 'done', 'done']);
  });

  it('is repeated if the network fails', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push('hang up', 'hang up');
    await send(url);
    expect(pings).toHaveLength(3);
  });

  it('is repeated if there is no answer in time', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push('silence');
    await send(url, { tryTimeout: 500 });
    expect(pings).toHaveLength(2);
  });

  it('is given up in time, whatever the garbage collector does meanwhile', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push('silence');
    const sending = send(url, { timeout: 500, tryTimeout: 400, pauses: [] });
    await vi.waitUntil(() => pings.length > 0, { interval: 1 });
    collectGarbage();
    await expect(sending).rejects.toThrow('no answer');
  }, 10_000);

  it('fails if the server wants to speak another protocol', async () => {
    const { url, reactions } = await pingServer();
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n';
    reactions.push({ raw: answer }, { raw: answer }, { raw: answer });
    await expect(send(url)).rejects.toThrow('closed');
  }, 10_000);

  it('fails without the words of the server, which may repeat the URL', async () => {
    const { url, reactions } = await pingServer();
    reactions.push({
      raw: 'HTTP/1.1 404 There is no /secret\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    });
    await expect(send(url)).rejects.toThrow(/^HTTP 404 Not Found$/);
    reactions.push({
      raw: 'HTTP/1.1 499 There is no /secret\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    });
    await expect(send(url)).rejects.toThrow(/^HTTP 499$/);
  });

  it('fails after three tries', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push({ status: 500 }, { status: 500 }, { status: 502 });
    await expect(send(url)).rejects.toThrow(/^HTTP 502 Bad Gateway$/);
    expect(pings).toHaveLength(3);
  });

  it.each([301, 404, 409])('fails at once after %i', async (status) => {
    const { url, pings, reactions } = await pingServer();
    reactions.push({ status });
    await expect(send(url)).rejects.toThrow(`HTTP ${status}`);
    expect(pings).toHaveLength(1);
  });

  it('fails when all tries together have taken too long', async () => {
    const { url, pings, reactions } = await pingServer();
    reactions.push('silence', 'silence');
    await expect(send(url, { timeout: 500, pauses: [60_000] })).rejects.toThrow('no answer');
    expect(pings).toHaveLength(1);
  });

  it('is given up on request', async () => {
    const { url, reactions } = await pingServer();
    reactions.push({ status: 500 });
    const over = new AbortController();
    const sending = send(url, { pauses: [60_000] }, over.signal);
    over.abort();
    await expect(sending).rejects.toThrow();
    await expect(post(new URL(url), NOTHING, AbortSignal.abort(), QUICK)).rejects.toThrow();
  });

  it('fails where nobody listens, and does not say what the URL is', async () => {
    await expect(send('http://user:password@127.0.0.1:1')).rejects.toThrow(
      /^(?!.*(?:secret|password)).*ECONNREFUSED/,
    );
  });

  it('does not wait for the end of an endless answer', async () => {
    const { url, reactions } = await pingServer();
    reactions.push({ status: 200, text: 'x'.repeat(5_000_000) });
    expect((await send(url)).text).toHaveLength(1000);
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
