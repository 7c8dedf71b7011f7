import { describe, expect, it } from 'vitest';
import { cron } from '../../../src/schedule/schedulers/cron.js';
import { parseAt } from '../../../src/schedule/timing/parse-timing.js';
import type { Timing } from '../../../src/schedule/timing/timing.js';
import { apply, FakeCrontab, FakePrograms, linesOf, NOWHERE, refusalOf, someJob } from '../support.js';

const OTHERS = 'MAILTO=ops\n*/5 * * * * caf\xe9 100\\%\r\n# no line break';

describe('a line for cron', () => {
  const installer = cron(new FakeCrontab(null).run, NOWHERE, null);
  const lineOf = (timing: Timing) => installer.configure(someJob({ timing })).text.split('\n')[1];

  it.each<[string, Timing]>([
    ['* * * * *', { kind: 'every', seconds: 60 }],
    ['*/2 * * * *', { kind: 'every', seconds: 120 }],
    ['0 * * * *', { kind: 'every', seconds: 3600 }],
    ['0 */6 * * *', { kind: 'every', seconds: 6 * 3600 }],
    ['0 0 * * *', { kind: 'every', seconds: 86_400 }],
    ['0 0 * * 0', { kind: 'every', seconds: 7 * 86_400 }],
    ['30 3 * * *', parseAt('03:30')],
  ])('begins with %s', (fields, timing) => {
    expect(lineOf(timing)).toBe(
      `${fields} cd /srv/shop && /usr/bin/node /opt/livinglock.js run parser -- /usr/bin/true`,
    );
  });

  it.each([
    [7 * 60, 'every 7m', '6m, 10m'],
    [30, 'every 30s', '1m'],
    [90 * 60, 'every 90m', '1h, 2h'],
    [2 * 86_400, 'every 2d', '1d, 7d'],
  ])('cannot express %i seconds, and names the nearest that it can', (seconds, words, nearest) => {
    expect(refusalOf(() => lineOf({ kind: 'every', seconds }))).toBe(
      `refused: cron cannot run a job ${words}: it supports only whole minutes that divide an hour or a day evenly. ` +
        `Nearest to it: ${nearest}. systemd can run it ${words} (--for systemd).`,
    );
  });

  it.each([
    ['/srv/my shop', "'/srv/my shop'"],
    ['/srv/100%', "'/srv/100'\\%''"],
    ["/srv/it's", "'/srv/it'\\''s'"],
  ])('goes to the folder %s', (directory, quoted) => {
    expect(installer.configure(someJob({ directory })).text).toContain(
      ` * * * * cd ${quoted} && /usr/bin/node `,
    );
  });

  it('cannot contain a line break', () => {
    expect(refusalOf(() => installer.configure(someJob({ command: ['/bin/echo', 'a\nb'] })))).toMatch(
      /^refused: A line of a crontab cannot contain a line break\./,
    );
  });

  it('is refused if it is too long for some', () => {
    expect(installer.configure(someJob({ command: ['/bin/echo', 'x'.repeat(1000)] })).notes).toHaveLength(1);
    expect(installer.configure(someJob()).notes).toEqual([]);
  });
});

describe('the crontab', () => {
  it.each([[null], [OTHERS], ['A=1\n']])('%j gets a job, and is restored without it', async (before) => {
    const crontab = new FakeCrontab(before === null ? null : Buffer.from(before, 'latin1'));
    const installer = cron(crontab.run, NOWHERE, null);
    const job = someJob({ command: ['/bin/echo', 'run', 'parser', 'é'] });

    const steps = await installer.install(job);
    expect(linesOf(steps)).toContain("+ */2 * * * * cd /srv/shop && /bin/echo run parser 'é'");
    expect(linesOf(steps).filter((line) => !line.startsWith('+ '))).toEqual(['the crontab of this user']);
    await apply(steps);
    expect(crontab.content?.includes(installer.configure(job).text)).toBe(true);
    expect(await installer.install(job)).toEqual([]);

    await apply(await installer.uninstall('parser'));
    expect(crontab.content).toEqual(before === null ? null : Buffer.from(before, 'latin1'));
    expect(await installer.uninstall('parser')).toEqual([]);
  });

  it("of another user is changed, and the current user's is not", async () => {
    const crontab = new FakeCrontab(null);
    const installer = cron(crontab.run, NOWHERE, 'batch');
    const steps = await installer.install(someJob());
    expect(linesOf(steps)[0]).toBe('the crontab of batch');
    await apply(steps);
    await apply(await installer.uninstall('parser'));
    expect(crontab.content).toBeNull();
    expect([...crontab.users]).toEqual(['batch']);
  });

  it('shows what is replaced', async () => {
    const crontab = new FakeCrontab('A=1\n');
    const installer = cron(crontab.run, NOWHERE, null);
    await apply(await installer.install(someJob()));
    const steps = await installer.install(someJob({ timing: { kind: 'every', seconds: 300 } }));
    expect(linesOf(steps).slice(1)).toEqual([
      expect.stringMatching(/^- \*\/2 \* \* \* \* cd /),
      expect.stringMatching(/^\+ \*\/5 \* \* \* \* cd /),
    ]);
  });

  it('that changed while the question was open is left alone', async () => {
    const crontab = new FakeCrontab('A=1\n');
    const steps = await cron(crontab.run, NOWHERE, null).install(someJob());
    crontab.content = Buffer.from('A=2\n');
    await expect(apply(steps)).rejects.toMatchObject({ reason: 'changed' });
    expect(crontab.content.toString()).toBe('A=2\n');
  });

  it('that cannot be read is not taken for an empty one', async () => {
    const programs = new FakePrograms(() => ({ status: 1, stderr: 'You are not allowed to use crontab\n' }));
    await expect(cron(programs.run, NOWHERE, null).install(someJob())).rejects.toMatchObject({
      reason: 'failed',
      message: 'crontab -l has failed: You are not allowed to use crontab',
    });
    expect(programs.calls).toEqual(['crontab -l']);
  });
});
