import { messageOf } from '../../system/message-of.js';
import type { RunSettings } from '../run/options/run-options.js';
import { say } from '../terminal/messages.js';
import { eventOf, type Facts, type Moment } from './event.js';
import { Pinger } from './healthchecks-ping.js';
import type { EventKind } from './notify-options.js';
import { notifyBy } from './shell-command.js';

/** Who is told about a run. */
export interface Audience extends Pick<RunSettings, 'notify' | 'notifyOn' | 'ping'> {
  /** Descriptors that this process was given, for the job. */
  readonly descriptors: readonly number[];
}

/** Tells an audience about one run. */
export class Announcer {
  readonly #audience: Audience;
  readonly #abandoned = new AbortController();
  readonly #pinger: Pinger | null;
  /** What the command was told, so that it is not told twice. */
  readonly #told = new Set<EventKind>();
  #commands: Promise<void> = Promise.resolve();
  #pings: Promise<void> = Promise.resolve();

  constructor(audience: Audience) {
    this.#audience = audience;
    this.#pinger = audience.ping === undefined ? null : new Pinger(audience.ping, this.#abandoned.signal);
  }

  /**
   * Returns at once. What one and the same listener is told arrives in this order.
   *
   * @param output The end of what the command has written; `null` if it is not kept.
   */
  tell(moment: Moment, facts: Facts, output: Buffer | null = null): void {
    const pinger = this.#pinger;
    if (pinger !== null) this.#pings = after(this.#pings, () => pinger.tell(moment, facts, output));
    const { notify: line, notifyOn, descriptors } = this.#audience;
    const kind = this.#kindOf(moment, facts);
    if (line === undefined || kind === null || !notifyOn.includes(kind)) return;
    this.#told.add(kind);
    const { signal } = this.#abandoned;
    this.#commands = after(this.#commands, () =>
      signal.aborted ? undefined : notifyBy({ line, descriptors, signal }, eventOf(kind, facts)),
    );
  }

  /** Resolves when everybody was told. */
  async done(): Promise<void> {
    await Promise.all([this.#commands, this.#pings]);
  }

  /** Ends what is still being told. */
  abandon(): void {
    this.#abandoned.abort();
  }

  /** `null` for what has been told before. */
  #kindOf(moment: Moment, { outcome }: Facts): EventKind | null {
    if (moment !== 'end') return moment;
    if (outcome === 'succeeded') return 'success';
    if (outcome === 'stalled' && this.#told.has('stall')) return null;
    if (outcome !== 'lost') return 'failure';
    if (this.#told.has('lost')) return null;
    return this.#audience.notifyOn.includes('lost') ? 'lost' : 'failure';
  }
}

/** A failure harms neither the run nor what is told after it. */
function after(last: Promise<void>, work: () => Promise<void> | undefined): Promise<void> {
  return last.then(work).catch((error) => say(`A notification was not sent: ${messageOf(error)}`));
}
