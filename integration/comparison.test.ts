import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import lockfile from 'proper-lockfile';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { has, poll, type Running } from '../support/running.js';
import { Desk } from './support/desk.js';

// The facts in the README's comparison: what becomes of a lock whose holder is killed, hangs, or takes longer than expected.

let desk: Desk;

beforeEach(() => {
  desk = new Desk();
});

describe.skipIf(!isPosix)('a PID file', () => {
  const SCRIPT = `
    if [ -e job.pid ] && kill -0 "$(cat job.pid)"; then exit 75; fi
    echo $$ > job.pid
    "$@"
    rm job.pid`;

  test('blocks every run if another process has got the PID of a killed holder', async () => {
    spawnSync('sh', ['-c', SCRIPT, 'sh', 'sh', '-c', 'kill -KILL $PPID'], { cwd: desk.folder });
    expect(existsSync(join(desk.folder, 'job.pid'))).toBe(true);
    expect(shell(SCRIPT, 'true')).toBe(0);
    // Nobody can wait for PIDs to be reused: this process takes the place of the one that has got it.
    writeFileSync(join(desk.folder, 'job.pid'), String(process.pid));
    expect(shell(SCRIPT, 'true')).toBe(75);
  });

  function shell(script: string, ...command: string[]): number | null {
    return spawnSync('sh', ['-c', script, 'sh', ...command], { cwd: desk.folder }).status;
  }
});

describe.skipIf(!has('flock'))('flock', () => {
  test('is free at once after a kill, and never while a job hangs', async () => {
    const flock = ['-n', '--no-fork', join(desk.folder, 'lock')];
    const holder = await started(desk.startProgram('flock', [...flock, ...job('sleep 1000')]));
    expect(spawnSync('flock', [...flock, 'true']).status).toBe(1);
    holder.signal('SIGKILL');
    await holder.ended;
    expect(spawnSync('flock', [...flock, 'true']).status).toBe(0);
  });
});

test('a row with `expires_at` lets two in if a healthy job takes longer than expected', async () => {
  const database = new DatabaseSync(join(temporaryFolder(), 'shop.db'));
  onTestFinished(() => database.close());
  database.exec('CREATE TABLE locks (name TEXT PRIMARY KEY, owner TEXT, expires_at INTEGER)');
  const claim = database.prepare(
    `INSERT INTO locks VALUES ('job', ?, ?) ON CONFLICT (name)
     DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at WHERE expires_at <= ?`,
  );
  const acquire = (owner: string, now: number) => Number(claim.run(owner, now + 600, now).changes) === 1;
  expect(acquire('first', 0)).toBe(true);
  expect(acquire('second', 599)).toBe(false);
  // The first one is still at work.
  expect(acquire('second', 600)).toBe(true);
});

describe('proper-lockfile', () => {
  test('is free ten seconds after a kill, and never while a job hangs whose timers still run', async () => {
    const file = join(temporaryFolder(), 'job');
    const options = { realpath: false, update: 1000 };
    const release = await lockfile.lock(file, options);
    onTestFinished(() => release());
    // Nothing is done here any more, and yet the lock is renewed.
    const { mtimeMs } = statSync(`${file}.lock`);
    await poll('The lock is not renewed', () => statSync(`${file}.lock`).mtimeMs > mtimeMs);
    await expect(lockfile.lock(file, options)).rejects.toMatchObject({ code: 'ELOCKED' });

    const abandoned = join(temporaryFolder(), 'job');
    const program = `await (await import('proper-lockfile')).default.lock(process.argv[1], { realpath: false }); process.kill(process.pid, 'SIGKILL')`;
    spawnSync(process.execPath, ['--input-type=module', '-e', program, abandoned], {
      cwd: import.meta.dirname,
    });
    await expect(lockfile.lock(abandoned, options)).rejects.toMatchObject({ code: 'ELOCKED' });
    const age = (seconds: number) => utimesSync(`${abandoned}.lock`, 0, Date.now() / 1000 - seconds);
    age(9);
    await expect(lockfile.lock(abandoned, options)).rejects.toMatchObject({ code: 'ELOCKED' });
    age(11);
    await (await lockfile.lock(abandoned, options))();
  });
});

describe.skipIf(!isPosix)('livinglock', () => {
  const run = (options: readonly string[], ...command: string[]) => [
    'run',
    ...options,
    'job',
    '--',
    ...command,
  ];

  test('is free at once after a kill of everything', async () => {
    const holder = await started(desk.start(run([], ...job('sleep 1000'))));
    await poll('The lock does not name the command', () => 'workers' in desk.record('job'));
    const pid = groupOf(desk.record('job')['workers']);
    holder.signal('SIGKILL');
    process.kill(-pid, 'SIGKILL');
    await holder.ended;
    expect(await desk.run(run([], 'true'))).toMatchObject({ code: 0 });
  });

  test('ends a job that hangs, and lets the next one in', async () => {
    const hung = desk.run(run(['--heartbeat', 'output', '--stale-timeout', '1s'], ...job('sleep 1000')));
    expect(await hung).toMatchObject({ code: 124, stderr: expect.stringContaining('has stalled') });
    expect(await desk.run(run([], 'true'))).toMatchObject({ code: 0 });
  });

  test('stays with a job that takes longer than expected, as long as it works', async () => {
    const proof = ['--heartbeat', 'output', '--stale-timeout', '2s'];
    const done = desk.path('done');
    const script = 'echo go; until [ -e "$0" ]; do sleep 0.5; echo work; done';
    const busy = await started(desk.start(run(proof, 'sh', '-c', script, done)));
    await busy.prints(/(work\s+){5}/);
    expect(await desk.run(run(proof, 'true'))).toMatchObject({ code: 75 });
    writeFileSync(done, '');
    expect(await busy.ended).toMatchObject({ code: 0 });
  });
});

/** A job that says when it has begun. */
function job(line: string): readonly string[] {
  return ['sh', '-c', `echo go; exec ${line}`];
}

async function started(run: Running): Promise<Running> {
  await run.prints(/go/);
  return run;
}

function groupOf(workers: unknown): number {
  const [worker]: unknown[] = Array.isArray(workers) ? workers : [];
  if (typeof worker === 'object' && worker !== null && 'pid' in worker) return Number(worker.pid);
  throw new TypeError('The lock names no worker.');
}
