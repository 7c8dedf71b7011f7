import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Announcer, type Audience } from '../../../src/cli/notify/announcer.js';
import type { Facts, Moment } from '../../../src/cli/notify/event.js';
import { Pinger } from '../../../src/cli/notify/healthchecks-ping.js';
import { EVENT_KINDS, USUAL_KINDS } from '../../../src/cli/notify/notify-options.js';
import { pingServer } from '../../../support/ping-server.js';
import { temporaryFolder } from '../../../support/world.js';
import { messages } from '../run/stage.js';
import { someFacts } from './some-facts.js';

describe.skipIf(process.platform === 'win32')('an audience', () => {
  let folder: string;
  let said: string[];

  beforeEach(() => {
    folder = temporaryFolder();
    vi.stubEnv('IN', folder);
    said = messages();
  });

  afterEach(() => vi.unstubAllEnvs());

  function announcer(changes: Partial<Audience> = {}): Announcer {
    return new Announcer({
      notify: 'echo "$LIVINGLOCK_EVENT" >> "$IN/told"',
      notifyOn: USUAL_KINDS,
      ping: undefined,
      descriptors: [],
      ...changes,
    });
  }

  const told = () =>
    existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8').trim().split('\n') : [];

  type Happening = readonly [Moment, Partial<Facts>?];

  it.each<[string, Audience['notifyOn'], Happening[], string[]]>([
    ['success', USUAL_KINDS, [['start'], ['end', { outcome: 'succeeded' }]], []],
    ['success', EVENT_KINDS, [['start'], ['end', { outcome: 'succeeded' }]], ['start', 'success']],
    ['failure', USUAL_KINDS, [['start'], ['end', { outcome: 'failed' }]], ['failure']],
    ['failure', ['success'], [['start'], ['end', { outcome: 'failed' }]], []],
    ['missing command', USUAL_KINDS, [['end', { outcome: 'not-started' }]], ['failure']],
    ['time limit', USUAL_KINDS, [['end', { outcome: 'timed-out' }]], ['failure']],
    ['stall', USUAL_KINDS, [['stall'], ['end', { outcome: 'stalled' }]], ['stall']],
    ['stall', ['failure'], [['stall'], ['end', { outcome: 'stalled' }]], ['failure']],
    ['stall that is over', EVENT_KINDS, [['stall'], ['end', { outcome: 'succeeded' }]], ['stall', 'success']],
    [
      'stall before a failure',
      USUAL_KINDS,
      [['stall'], ['end', { outcome: 'failed' }]],
      ['stall', 'failure'],
    ],
    ['two stalls', USUAL_KINDS, [['stall'], ['stall']], ['stall', 'stall']],
    ['loss', USUAL_KINDS, [['lost'], ['end', { outcome: 'lost' }]], ['lost']],
    ['loss at the end', USUAL_KINDS, [['end', { outcome: 'lost' }]], ['lost']],
    ['loss', ['failure'], [['lost'], ['end', { outcome: 'lost' }]], ['failure']],
    ['skip', USUAL_KINDS, [['skip']], []],
    ['skip', ['skip'], [['skip']], ['skip']],
  ])('is told of a %s, if it wants %j to be told', async (_what, notifyOn, happenings, expected) => {
    const one = announcer({ notifyOn });
    for (const [moment, facts] of happenings) one.tell(moment, someFacts(facts));
    await one.done();
    expect(told()).toEqual(expected);
  });

  it('is told one after the other, however long that takes', async () => {
    const notify = '[ "$LIVINGLOCK_EVENT" = stall ] && sleep 0.3; echo "$LIVINGLOCK_EVENT" >> "$IN/told"';
    const one = announcer({ notify });
    for (const moment of ['stall', 'lost'] as const) one.tell(moment, someFacts());
    await one.done();
    expect(told()).toEqual(['stall', 'lost']);
  });

  it('is a service, which is not told of skips, and hears of a loss at the end', async () => {
    const { url, pings } = await pingServer();
    const one = announcer({ notify: undefined, ping: new URL(url) });
    one.tell('skip', someFacts());
    one.tell('start', someFacts());
    one.tell('stall', someFacts());
    one.tell('lost', someFacts());
    one.tell('end', someFacts({ outcome: 'lost', exitCode: 76 }));
    await one.done();
    expect(pings.map(({ target }) => target.replace(/\?.*/, ''))).toEqual(['/start', '/log', '/76']);
  });

  it('is told the rest if one thing could not be told, which is one message', async () => {
    const { url, pings } = await pingServer();
    const tell = vi.spyOn(Pinger.prototype, 'tell').mockRejectedValueOnce(new Error('The output is gone.'));
    onTestFinished(() => tell.mockRestore());
    const one = announcer({ ping: new URL(url) });
    one.tell('end', someFacts({ outcome: 'failed', exitCode: 4 }));
    one.tell('stall', someFacts());
    await one.done();
    expect(told()).toEqual(['failure', 'stall']);
    expect(pings.map(({ target }) => target.replace(/\?.*/, ''))).toEqual(['/log']);
    expect(said).toEqual([expect.stringContaining('A notification was not sent: The output is gone.')]);
  });

  it('is not told any more when the user has given up', async () => {
    const { url, pings } = await pingServer();
    const one = announcer({ notify: 'echo begun >> "$IN/told"; exec sleep 1000', ping: new URL(url) });
    one.tell('stall', someFacts());
    one.tell('lost', someFacts());
    await vi.waitFor(() => expect(told()).toEqual(['begun']), { timeout: 20_000 });
    await vi.waitFor(() => expect(pings).toHaveLength(1), { timeout: 20_000 });
    one.abandon();
    one.tell('end', someFacts({ outcome: 'failed' }));
    await one.done();
    expect(told()).toEqual(['begun']);
    expect(pings.map(({ target }) => target.replace(/\?.*/, ''))).toEqual(['/log']);
  });
});
