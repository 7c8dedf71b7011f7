import { messageOf } from '../../system/message-of.js';
import type { Announcer, Audience, Moment } from '../notify/announcer.js';
import type { Facts } from '../notify/event.js';
import { say } from '../terminal/messages.js';
import type { Signals } from './processes/pass-signals.js';

/** What others are told about a run. The code for it is loaded only if there is somebody to tell, and when the command has been started. */
export class LazyAnnouncer {
  readonly #audience: Omit<Audience, 'endOfOutput'> | null;
  #endOfOutput: Audience['endOfOutput'] = null;
  #announcer: Promise<Announcer | null> | null = null;

  constructor(audience: Omit<Audience, 'endOfOutput'>) {
    const { command, url } = audience;
    this.#audience = command === undefined && url === undefined ? null : audience;
  }

  /** Whether anybody is told. */
  get hasAudience(): boolean {
    return this.#audience !== null;
  }

  /** Must be called before anybody is told. */
  readOutputBy(endOfOutput: Audience['endOfOutput']): void {
    this.#endOfOutput = endOfOutput;
  }

  /** Returns at once. */
  tell(moment: Moment, facts: Facts): void {
    if (this.#audience === null) return;
    this.#announcer ??= load({ ...this.#audience, endOfOutput: this.#endOfOutput });
    void this.#announcer.then((announcer) => announcer?.tell(moment, facts));
  }

  /** Resolves when everybody was told. The lock must be free by then. A signal from now on ends it at once. */
  async done(signals: Signals): Promise<void> {
    const announcer = await this.#announcer;
    if (!announcer) return;
    signals.passTo(() => announcer.abandon());
    await announcer.done();
  }
}

/** While a long run is at work, the package may be replaced by another version. */
async function load(audience: Audience): Promise<Announcer | null> {
  try {
    const { Announcer } = await import('../notify/announcer.js');
    return new Announcer(audience);
  } catch (error) {
    say(`Nobody is notified: ${messageOf(error)}`);
    return null;
  }
}
