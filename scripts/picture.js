// npm run picture: draws docs/terminal.svg, the picture in the README, from what the command prints on a terminal. Needs root on Linux, because it
// happens on a machine of its own (namespaces with the host name db-1 and the folder /srv/shop). Only the ages of the two locks are staged.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PICTURE = fileURLToPath(new URL('../docs/terminal.svg', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../dist/bin/livinglock.js', import.meta.url));
const SHOP = '/srv/shop';
const LOCKS = '/run/livinglock';
const MACHINE = `hostname db-1 && mount -t tmpfs none /srv && mount -t tmpfs none /run && echo 4241 > /proc/sys/kernel/ns_last_pid && exec "$@"`;
const MINUTE = 60_000;

/** In characters; a terminal wraps longer lines. */
const WIDTH = 124;
/** In pixels. */
const CHARACTER = 7.83;
const LINE = 19;
const MARGIN = 18;
/** By the codes of ECMA-48, Select Graphic Rendition. */
const STYLES = {
  1: 'font-weight="bold"',
  2: 'opacity="0.7"',
  31: 'fill="#f47067"',
  32: 'fill="#6bc46d"',
  33: 'fill="#daaa3f"',
};

if (process.argv[2] === 'inside') await show();
else {
  const within = ['--mount', '--uts', '--pid', '--fork', '--mount-proc', 'sh', '-c', MACHINE, 'sh'];
  const { status, stdout } = spawnSync(
    'unshare',
    [...within, process.execPath, import.meta.filename, 'inside'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  );
  if (status === 0) writeFileSync(PICTURE, draw(stdout.replaceAll('\r', '')));
  process.exitCode = status ?? 1;
}

async function show() {
  mkdirSync(SHOP);
  const programs = '/srv/bin';
  mkdirSync(programs);
  script(join(programs, 'livinglock'), `exec "${process.execPath}" "${PROGRAM}" "$@"`);
  script(join(SHOP, 'dump.sh'), 'livinglock beat --progress 0.4 --note "table 4 of 10"; exec sleep 1000');
  script(join(SHOP, 'report.sh'), 'livinglock beat --progress 0.1; exec sleep 1000');
  const env = { PATH: `${programs}:${process.env.PATH}`, TERM: 'xterm', LANG: 'C.UTF-8' };
  await hold('dump', ['--stale-timeout', '20m'], 40 * MINUTE, 12_000, env);
  await hold('report', ['--on-stall', 'warn'], 300 * MINUTE, 240 * MINUTE, env);
  const session = `stty cols ${WIDTH}
    echo '$ livinglock run dump -- ./dump.sh'
    livinglock run dump -- ./dump.sh
    status=$?
    echo '$ echo $?'
    echo $status
    echo '$ livinglock status'
    livinglock status`;
  spawnSync('script', ['-qec', session, '/dev/null'], {
    cwd: SHOP,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function script(path, text) {
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** Starts a job, waits for its heartbeat, and makes the record as old as it should look. The job ends with the namespace. */
async function hold(name, options, heldFor, heartbeat, env) {
  const command = ['run', '--heartbeat', 'manual', ...options, name, '--', `./${name}.sh`];
  spawn('livinglock', command, { cwd: SHOP, env, detached: true, stdio: 'ignore' }).unref();
  const file = join(LOCKS, `${name}.lock`);
  let record = {};
  while (record.workers === undefined || record.progress === undefined) {
    await sleep(50);
    if (existsSync(file)) record = JSON.parse(readFileSync(file, 'utf8'));
  }
  const ago = (time) => new Date(Date.now() - time).toISOString();
  const times = {
    acquired_at: ago(heldFor),
    timestamp: ago(heartbeat),
    monotonic_ms: record.monotonic_ms - heartbeat,
  };
  writeFileSync(file, JSON.stringify({ ...record, ...times }));
}

function draw(text) {
  const lines = text.trimEnd().split('\n').flatMap(wrap);
  const width = Math.round(WIDTH * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map(
    (line, at) => `<text x="${MARGIN}" y="${MARGIN + at * LINE + 14}">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">
<title>What livinglock prints: a run that is skipped, and the status of two jobs</title>
<rect width="${width}" height="${height}" rx="8" fill="#22272e"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#cdd9e5">
${rows.join('\n')}
</g>
</svg>
`;
}

/** Lines with styles are those of the table, which fits. */
function wrap(line) {
  if (line.includes('\u001b') || line.length <= WIDTH) return [line];
  return [line.slice(0, WIDTH), ...wrap(line.slice(WIDTH))];
}

function spans(line) {
  const [first, ...rest] = line.split('\u001b[');
  const styled = rest.map((part) => {
    const [, code, text] = /^(\d+)m(.*)$/.exec(part) ?? [];
    return text && (STYLES[code] ? `<tspan ${STYLES[code]}>${escaped(text)}</tspan>` : escaped(text));
  });
  const all = [escaped(first), ...styled].join('');
  return line.startsWith('$ ') ? `<tspan font-weight="bold">${all}</tspan>` : all;
}

function escaped(text) {
  // Browsers collapse other spaces.
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');
}
