import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../../core/describe-holder.js';
import { messageOf } from '../../system/message-of.js';
import { systemCode } from '../../system/system-code.js';

/** Milliseconds for all tries, for one, and between them. */
export interface Timing {
  readonly timeout: number;
  readonly tryTimeout: number;
  readonly pauses: readonly number[];
}

const TIMING: Timing = { timeout: 10_000, tryTimeout: 3000, pauses: [500, 1000] };
/** How much of an answer is read. */
const MOST_TEXT = 1000;

/** An answer that says that the request was carried out. */
export interface Answer {
  readonly headers: IncomingMessage['headers'];
  /** The beginning of its body. */
  readonly text: string;
}

/** Why a try has failed, and whether the next one may succeed. */
interface Failure {
  readonly reason: string;
  readonly isPassing: boolean;
}

/**
 * Sends a POST request, up to three times: again if the network fails, or if the server says that it cannot now (429, 5xx). Rejects with an error
 * whose message does not contain the URL.
 */
export function post(url: URL, body: Buffer, signal: AbortSignal, timing: Timing = TIMING): Promise<Answer> {
  return within(timing.timeout, signal, (over) => tryRepeatedly(url, body, over, timing));
}

/**
 * Not by `AbortSignal.timeout`: of those that `AbortSignal.any` combines nobody keeps hold, and one that has been garbage-collected aborts nothing
 * (https://github.com/nodejs/node/issues/57736).
 */
async function within<T>(
  timeout: number,
  signal: AbortSignal,
  work: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, timeout);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

async function tryRepeatedly(
  url: URL,
  body: Buffer,
  over: AbortSignal,
  { tryTimeout, pauses }: Timing,
): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const result = await within(tryTimeout, over, (late) => tryOnce(url, body, late, tryTimeout));
    if ('text' in result) return result;
    const pause = pauses[tries];
    if (pause === undefined || over.aborted || !result.isPassing) throw new Error(result.reason);
    await sleep(pause, undefined, { signal: over }).catch(() => {
      throw new Error(result.reason);
    });
  }
}

async function tryOnce(
  url: URL,
  body: Buffer,
  signal: AbortSignal,
  tryTimeout: number,
): Promise<Answer | Failure> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const sent = {
    'User-Agent': 'livinglock',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
  };
  try {
    const response = await answerTo(request(url, { method: 'POST', headers: sent, signal }), body);
    const { statusCode: status = 0, headers } = response;
    const text = await beginningOf(response);
    if (status >= 200 && status < 300) return { headers, text };
    // Not in the words of the server, which may repeat the URL.
    const reason = `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim();
    return { reason, isPassing: status === 429 || status >= 500 };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${formatDuration(tryTimeout)}` : textOf(error);
    return { reason, isPassing: true };
  }
}

function answerTo(request: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    // Also after the answer, when nobody needs to know.
    request.on('error', reject);
    // Without either, if the answer is to speak another protocol from now on (101).
    request.on('close', () => reject(new Error('the connection was closed without an answer')));
    request.end(body);
  });
}

/** An answer that breaks off is one, too. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      text += chunk;
      if (text.length > MOST_TEXT) break;
    }
  } catch {
    // As above.
  }
  return text.slice(0, MOST_TEXT);
}

/** Of several addresses that were tried, Node reports all errors in one, which has no message. */
function textOf(error: unknown): string {
  return messageOf(error) || (systemCode(error) ?? 'the network failed');
}
