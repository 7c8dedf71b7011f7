// npm run picture:history: draws docs/history.png, the picture in docs/history.md: the page that `livinglock history --html` makes of two weeks that
// never happened. Needs root on Linux, for a machine with the host name db-1, and Chromium.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLAGS, findBrowser } from './browser.js';

const PICTURE = fileURLToPath(new URL('../docs/history.png', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../dist/bin/livinglock.js', import.meta.url));
const SIZE = '--window-size=1280,1050';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS = 14;

/** `at` and `every` in milliseconds, since midnight; `takes` in minutes; `odd` by how many days ago it happened. */
const JOBS = [
  { name: 'backup', command: './backup.sh --all', at: 3 * HOUR, every: DAY, takes: 95, spread: 12 },
  {
    name: 'dump',
    command: 'pg_dump shop',
    at: 4 * HOUR,
    every: DAY,
    takes: 22,
    spread: 4,
    odd: { 2: 'timed-out', 6: 'killed' },
  },
  {
    name: 'feed',
    command: './feed.sh',
    at: 0,
    every: 2 * HOUR,
    takes: 34,
    spread: 15,
    odd: { 1: 'failed', 4: 'failed' },
  },
  {
    name: 'import',
    command: 'python manage.py update_user_data',
    at: 20 * MINUTE,
    every: 6 * HOUR,
    takes: 150,
    spread: 60,
    odd: { 3: 'stalled', 5: 'lost' },
    skips: true,
  },
  {
    name: 'report',
    command: './report.sh --weekly',
    at: 18 * HOUR,
    every: DAY,
    takes: 8,
    spread: 2,
    odd: { 3: 'not-started' },
  },
];

if (process.argv[2] === 'inside') await draw();
else {
  const within = [
    '--mount',
    '--uts',
    'sh',
    '-c',
    'hostname db-1 && mount -t tmpfs none /run && exec "$@"',
    'sh',
  ];
  const { status } = spawnSync('unshare', [...within, process.execPath, import.meta.filename, 'inside'], {
    stdio: 'inherit',
    env: { ...process.env, TZ: 'Europe/Berlin', LIVINGLOCK_HISTORY: '/run/history' },
  });
  process.exitCode = status ?? 1;
}

async function draw() {
  const browser = findBrowser();
  if (browser === undefined)
    throw new Error('There is no Chromium. CHROMIUM names another browser of that kind.');
  mkdirSync('/run/history', { mode: 0o700 });
  const { openHistory } = await import('../dist/history/index.mjs');
  const history = openHistory({ maxAge: '365d' });
  for (const job of JOBS) await makeUp(history, job);
  spawnSync(process.execPath, [PROGRAM, 'history', '--html', '/run/history.html'], { stdio: 'inherit' });
  const profile = mkdtempSync(join(tmpdir(), 'livinglock-picture-'));
  const flags = [...FLAGS, SIZE, `--user-data-dir=${profile}`, `--screenshot=${PICTURE}`];
  spawnSync(browser, [...flags, 'file:///run/history.html'], { stdio: 'ignore' });
  rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
}

async function makeUp(history, { name, command, at, every, takes, spread, odd = {}, skips }) {
  const lock = `/run/livinglock/${name}.lock`;
  const random = generator(name.length * 7919);
  const midnight = new Date().setHours(0, 0, 0, 0);
  for (let start = midnight - DAYS * DAY + at; start < Date.now(); start += every) {
    const ago = Math.round((midnight - start + at) / DAY);
    const isOdd = ago in odd && (start - at - midnight) % DAY === 0;
    const outcome = isOdd ? odd[ago] : 'succeeded';
    const duration = durationOf(outcome, takes + spread * (random() + random() - 1)) * MINUTE;
    const endedAt = new Date(start + duration);
    if (endedAt > new Date()) return;
    if (skips && duration > takes * 1.2 * MINUTE) await history.recordSkip(lock);
    await history.record({
      ...{ id: `${name}-${start}`, lock, outcome, startedAt: new Date(start), endedAt, command },
      ...{ cwd: '/srv/shop', host: 'db-1', user: 'batch', exitCode: outcome === 'succeeded' ? 0 : 1 },
    });
  }
}

function durationOf(outcome, usual) {
  const parts = { failed: 0.3, killed: 0.6, 'not-started': 0, 'timed-out': 3, stalled: 1.8 };
  return usual * (parts[outcome] ?? 1);
}

/** The same numbers each time (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
