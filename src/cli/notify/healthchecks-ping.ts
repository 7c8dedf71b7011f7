import { formatDuration } from '../../core/describe-holder.js';
import { messageOf } from '../../system/message-of.js';
import { randomUuid } from '../../system/uuid.js';
import { ExitCode } from '../errors/exit-codes.js';
import { say } from '../terminal/messages.js';
import type { Facts, Moment } from './event.js';
import { MOST_BODY } from './notify-options.js';
import { post } from './post.js';

/** In which an instance says that it keeps less. */
const LIMIT_HEADER = 'ping-body-limit';
/** With status 200, for the sake of old clients. */
const REFUSALS = /^OK \((?:not found|rate limited)\)/;
const GREATEST_STATUS = 255;

/** Pings a service by the protocol of Healthchecks (https://healthchecks.io/docs/http_api/). Whatever goes wrong becomes one message. */
export class Pinger {
  readonly #url: URL;
  readonly #signal: AbortSignal;
  /** By it the service knows which start and which end belong together. */
  readonly #run = randomUuid();
  #limit = MOST_BODY;

  /** @param signal Aborts a ping. */
  constructor(url: URL, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /**
   * Nobody is told that a skipped run has ended: the run that holds the lock reports its own end.
   *
   * @param output The end of what the command has written; `null` if it is not kept.
   */
  async tell(moment: Moment, facts: Facts, output: Buffer | null): Promise<void> {
    switch (moment) {
      case 'start':
        return this.#ping('start', Buffer.alloc(0));
      case 'stall':
        return this.#ping('log', Buffer.from(`stalled: ${facts.reason ?? ''}\n`));
      case 'end':
        return this.#ping(endpointFor(facts), output ?? Buffer.from(`${describeEnd(facts)}\n`));
      case 'lost':
      case 'skip':
        return;
    }
  }

  async #ping(endpoint: string, body: Buffer): Promise<void> {
    try {
      const kept = endOf(body, this.#limit);
      const { headers, text } = await post(addressOf(this.#url, endpoint, this.#run), kept, this.#signal);
      const limit = Number(headers[LIMIT_HEADER]);
      if (limit > 0) this.#limit = Math.min(limit, MOST_BODY);
      const [refusal] = REFUSALS.exec(text) ?? [];
      if (refusal !== undefined) throw new Error(refusal);
    } catch (error) {
      if (this.#signal.aborted) return;
      const which = endpoint === '' ? 'success' : endpoint;
      say(`The ping (${which}) did not reach ${this.#url.host}: ${messageOf(error)}.`);
    }
  }
}

/** The part of the path that says what has happened. */
function endpointFor({ outcome, exitCode }: Facts): string {
  if (outcome === 'succeeded') return '';
  // Zero would be a success.
  return exitCode && exitCode <= GREATEST_STATUS ? String(exitCode) : 'fail';
}

function addressOf(url: URL, endpoint: string, run: string): URL {
  const address = new URL(url);
  if (endpoint !== '') address.pathname = `${address.pathname.replace(/\/$/, '')}/${endpoint}`;
  address.searchParams.set('rid', run);
  return address;
}

function describeEnd({ outcome, exitCode, duration = 0, reason }: Facts): string {
  const end = `${outcome}, exit status ${exitCode}, after ${formatDuration(duration)}`;
  // Who has the lock, or what is in its place, is nothing for a service elsewhere: a command line or a file may contain a password.
  return reason && outcome !== 'lost' && exitCode !== ExitCode.store ? `${end}: ${reason}` : end;
}

/** Not in the middle of a character of UTF-8: what is not UTF-8 is not kept. */
function endOf(body: Buffer, limit: number): Buffer {
  if (body.length <= limit) return body;
  let first = body.length - limit;
  while (first < body.length && ((body[first] ?? 0) & 0xc0) === 0x80) first++;
  return body.subarray(first);
}
