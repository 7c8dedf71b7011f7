import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openHistory, type RunReport } from 'livinglock/history';
import { describe, expect, test } from 'vitest';
import { Browser, canBrowse, type Surface, type Tab } from '../support/browser/browser.js';
import { describeWithServer } from '../support/describe-with-server.js';
import { isPosix } from '../support/machine.js';
import { Desk, oneLineWith } from './support/desk.js';

// `livinglock history --html`: the page as a file, and in a browser.

const MINUTE = 60_000;
/** In minutes. */
const DAY = 1440;
const HOSTILE =
  '</script><script>document.title = "taken"</script><img src=x onerror=alert(1)>"\'\0\u202e<!--';
const DESK: Surface = { width: 1600, height: 1000 };
const PHONE: Surface = { width: 390, height: 844 };

/** A desk with the history of some runs; in minutes: how long ago they began, and how long they took. */
async function deskWith(
  runs: readonly (readonly [lock: string, ago: number, took: number, more?: Partial<RunReport>])[],
) {
  const desk = new Desk();
  const history = openHistory({ folder: desk.history });
  for (const [name, ago, took, more] of runs) {
    const startedAt = new Date(Date.now() - ago * MINUTE);
    const endedAt = new Date(startedAt.getTime() + took * MINUTE);
    const known = { lock: desk.path(name), outcome: 'succeeded', exitCode: 0, command: './job.sh' } as const;
    await history.record({ ...known, startedAt, endedAt, id: `${name} ${ago}`, ...more });
  }
  return desk;
}

const SOME = [
  ['backup', 300, 10],
  ['backup', 200, 12],
  ['backup', 100, 11, { outcome: 'failed', exitCode: 4, reason: HOSTILE, command: HOSTILE }],
  ['import', 205, 30, { outcome: 'killed', exitCode: null, progress: { ratio: 0.4, note: HOSTILE } }],
] as const;

describe.skipIf(!isPosix)('history --html', () => {
  test('writes a page for its user alone, and later replaces it', async () => {
    const desk = await deskWith(SOME);
    const file = join(desk.folder, 'history.html');
    expect(await desk.run(['history', '--html', 'history.html'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('2 locks, 4 runs');
    expect(await desk.run(['history', '--html', file, '--last', '1'])).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toContain('2 locks, 2 runs');
  });

  test('writes it to the standard output', async () => {
    const desk = await deskWith(SOME);
    const { code, stdout } = await desk.run(['history', '--html', '-', '--since', '3h', 'backup']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<!doctype html><!-- livinglock history -->\n/);
    expect(stdout).toContain('1 lock, 1 run.');
  });

  test('replaces nothing else', async () => {
    const desk = await deskWith(SOME);
    writeFileSync(join(desk.folder, 'customers.csv'), 'name,price\n');
    expect(await desk.run(['history', '--html', 'customers.csv'])).toMatchObject({
      code: 73,
      stderr: oneLineWith('customers.csv: it is not a page written by livinglock'),
    });
    expect(readFileSync(join(desk.folder, 'customers.csv'), 'utf8')).toBe('name,price\n');
    expect(await desk.run(['history', '--html', 'page.html', '--json'])).toMatchObject({ code: 64 });
  });
});

describeWithServer(
  'the page in Chromium',
  canBrowse && isPosix,
  () => Browser.start(),
  (browser) => {
    async function opened(desk: Desk, surface: Surface = DESK): Promise<Tab> {
      const file = join(desk.folder, 'history.html');
      expect(await desk.run(['history', '--html', file])).toMatchObject({ code: 0, stderr: '' });
      return browser().open(pathToFileURL(file).href, surface);
    }

    const cellsOf = (row: string) =>
      `[...document.querySelectorAll(${JSON.stringify(row)})].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))`;

    test('shows the numbers of the journal, asks for nothing, and complains about nothing', async () => {
      const tab = await opened(await deskWith(SOME));
      expect(await tab.evaluate(cellsOf('.summary tbody tr'))).toMatchObject([
        ['backup', expect.any(String), 'failed', '3', '66.6 %', '11m (10m to 12m)', '12m', '–'],
        ['import', expect.any(String), 'killed', '1', '0 %', '–', '30m', '–'],
      ]);
      expect(await tab.evaluate(cellsOf('#lock-0 tbody tr'))).toMatchObject([
        [expect.any(String), '11m', 'failed', '4', '', '', expect.stringContaining('</script><script>')],
        [expect.any(String), '12m', 'succeeded', '0'],
        [expect.any(String), '10m', 'succeeded', '0'],
      ]);
      expect(await tab.evaluate('document.title')).toMatch(/^What ran on /);
      expect(await tab.evaluate('document.querySelectorAll("script, img").length')).toBe(2);
      expect(await tab.evaluate('/[\\0\\u202e]/.test(document.body.textContent)')).toBe(false);
      expect(tab.requests).toEqual([]);
      expect(tab.complaints).toEqual([]);
    });

    test('lets nothing else load or run, even if it came in', async () => {
      const tab = await opened(await deskWith(SOME));
      await tab.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/"><b onclick="document.title = 1">')`,
      );
      await tab.evaluate(`document.querySelector('b:last-child').click()`);
      expect(await tab.evaluate('document.title')).toMatch(/^What ran on /);
      expect(tab.complaints.join()).toContain('Content Security Policy');
    });

    test('shows a run when its lane has the focus, and goes from run to run with the keyboard', async () => {
      const tab = await opened(await deskWith(SOME));
      const card = () => tab.evaluate('card.hidden ? null : card.textContent');
      const announced = () => tab.evaluate('document.activeElement.getAttribute("aria-valuetext")');
      expect(await card()).toBe(null);
      await tab.evaluate('document.querySelector("input:checked").focus()');
      await tab.press('Tab');
      expect(await tab.evaluate('document.activeElement.getAttribute("role")')).toBe('slider');
      expect(await card()).toMatch(/^backup.*Took 11m.*Outcome failed.*Exit 4/);
      await tab.press('ArrowLeft');
      expect(await card()).toMatch(/^backup.*Took 12m.*Outcome succeeded/);
      expect(await announced()).toMatch(/^\d{4}-\d\d-\d\d [\d:]+, Took 12m, Outcome succeeded, Exit 0$/);
      await tab.press('ArrowDown');
      expect(await card()).toMatch(/^import.*Took >30m.*Outcome killed/);
      await tab.press('ArrowUp');
      await tab.press('Home');
      expect(await card()).toMatch(/^backup.*Took 10m/);
      await tab.press('Escape');
      expect(await card()).toBe(null);
      await tab.press('Enter');
      expect(await tab.evaluate('document.activeElement.cells[1].textContent')).toBe('10m');
      expect(await tab.evaluate('document.activeElement.closest("details").open')).toBe(true);
    });

    test('shows the run that is pointed at', async () => {
      const tab = await opened(await deskWith([['backup', 120, 60, { command: './other.sh' }]]));
      const [x, y] = JSON.parse(
        String(
          await tab.evaluate(
            `(({ left, width, top, height }) => JSON.stringify([left + width / 4, top + height / 2]))(document.querySelector('.row .plot').getBoundingClientRect())`,
          ),
        ),
      );
      await tab.pointAt(x, y);
      expect(await tab.evaluate('card.textContent')).toMatch(/^backup.*Took 1h/);
      await tab.pointAt(1, 1);
      expect(await tab.evaluate('card.hidden')).toBe(true);
    });

    test.each<[string, Surface]>([
      ['on a desk', DESK],
      ['on a phone, in the dark', { ...PHONE, scheme: 'dark' }],
    ])('fits %s', async (_where, surface) => {
      const many = Array.from(
        { length: 40 },
        (_, index) => [`job-${index % 8}-with-quite-a-long-name`, (40 - index) * DAY, 45] as const,
      );
      const tab = await opened(await deskWith(many), surface);
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(surface.width);
      const background = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(surface.scheme === 'dark' ? 'rgb(21, 24, 28)' : 'rgb(255, 255, 255)');
      await tab.evaluate('document.querySelector("#of-all").click()');
      const widths = await tab.evaluate(
        '[...document.querySelectorAll(".view")].map((view) => view.getBoundingClientRect().width > 0)',
      );
      expect(widths).toEqual([false, false, false, true]);
    });
  },
);
