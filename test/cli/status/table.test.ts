import { describe, expect, it } from 'vitest';
import type { LockStatus } from '../../../src/cli/status/lock-status.js';
import { table } from '../../../src/cli/status/table.js';
import { formatAge } from '../../../src/cli/terminal/age.js';
import type { Terminal } from '../../../src/cli/terminal/terminal.js';
import { widthOf } from '../../../src/cli/terminal/text-width.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../../support/world.js';

const UNLIMITED: Terminal = { columns: Number.POSITIVE_INFINITY, paint: (_style, text) => text };

describe('the table of locks', () => {
  it('has an aligned line for each lock', () => {
    expect(
      table([lock(), lock({ name: 'テーブル', state: 'dead', pid: 7, processes: [] })], UNLIMITED),
    ).toEqual([
      'LOCK      STATE   PID  HOST  COMMAND       HELD FOR  HEARTBEAT',
      'backup    live   4242  db-1  pg_dump shop    2h 14m    12s ago',
      'テーブル  dead      7  db-1  pg_dump shop    2h 14m    12s ago',
    ]);
  });

  it('shows the folder after the command, and truncates it first', () => {
    const [, line] = table([lock({ cwd: '/srv/shop\n' })], UNLIMITED);
    expect(line).toMatch(/ pg_dump shop in \/srv\/shop {2}/);
    expect(table([lock({ command: null, cwd: '/srv' })], UNLIMITED)[1]).toMatch(/ db-1 {2}in \/srv /);
    const narrow = { ...UNLIMITED, columns: 70 };
    expect(table([lock({ cwd: `/${'x'.repeat(80)}` })], narrow)[1]).toMatch(/ pg_dump shop in \/x*… /);
  });

  it('shows progress only if a holder reports it', () => {
    const silent = lock();
    const [titles, first, second] = table(
      [silent, lock({ progress: { ratio: 0.999, note: 'table 4' } })],
      UNLIMITED,
    );
    expect(titles).toMatch(/HEARTBEAT {2}PROGRESS$/);
    expect(first).toMatch(/12s ago {2}-$/);
    expect(second).toMatch(/ \[#########\.\] {2}99 % {2}table 4$/);
    expect(table([silent], UNLIMITED)[0]).not.toContain('PROGRESS');
  });

  it('shows which processes live, and the owner, only if there is something to show', () => {
    const rich = lock({
      owner: 'server-1',
      processes: [
        { pid: 4242, role: 'holder', isGroup: false, liveness: 'dead' },
        { pid: 4243, role: 'worker', isGroup: true, liveness: 'alive' },
        { pid: 4244, role: 'worker', isGroup: false, liveness: 'unknown' },
      ],
    });
    expect(table([rich, lock()], UNLIMITED)).toEqual([
      'LOCK    STATE          PID  WORKERS                     OWNER     HOST  COMMAND       HELD FOR  HEARTBEAT',
      'backup  live   4242 (dead)  group 4243, 4244 (unknown)  server-1  db-1  pg_dump shop    2h 14m    12s ago',
      'backup  live          4242  -                           -         db-1  pg_dump shop    2h 14m    12s ago',
    ]);
    // For a dead lock that is obvious.
    expect(table([{ ...rich, state: 'dead' }], UNLIMITED)[1]).toMatch(
      / dead {3}4242 {2}group 4243, 4244 {2}/,
    );
  });

  it('fits every width, and truncates the command first', () => {
    const locks = [
      lock({
        owner: 'o'.repeat(40),
        processes: Array.from({ length: 4 }, (_, pid) => ({
          pid: pid + 1,
          role: 'worker',
          isGroup: true,
          liveness: 'unknown',
        })),
        command: 'python manage.py update_user_data --all --verbose',
        progress: { ratio: 0.5, note: 'x'.repeat(50) },
      }),
      lock({ name: `/var/lib/${'夜間'.repeat(20)}/nightly.lock`, host: 'h'.repeat(60) }),
    ];
    for (let columns = 1; columns < 300; columns++) {
      for (const line of table(locks, { ...UNLIMITED, columns })) {
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }
    }
    const [, line] = table([lock({ command: 'c'.repeat(100) })], { ...UNLIMITED, columns: 80 });
    expect(line).toMatch(/^backup {2}live {3}4242 {2}db-1 {2}c+… {2} +2h 14m +12s ago$/);
    expect(line).toHaveLength(80);
    const long = 'l'.repeat(25);
    expect(table([lock({ name: long, command: 'c'.repeat(100) })], { ...UNLIMITED, columns: 88 })[1]).toMatch(
      new RegExp(`^${long} .* c+… `),
    );
  });

  it('colours the state, and not the spaces around it', () => {
    const painted = table([lock(), lock({ state: 'stalled' })], {
      ...UNLIMITED,
      paint: (style, text) => `<${style}>${text}</>`,
    });
    expect(painted[0]).toMatch(/^<bold>LOCK<\/> {4}<bold>STATE<\/>/);
    expect(painted[1]).toMatch(/^backup {2}<green>live<\/> {5}4242/);
    expect(painted[2]).toMatch(/^backup {2}<yellow>stalled<\/> {2}4242/);
  });
});

describe('an age', () => {
  it.each([
    [-5, '0s'],
    [999, '0s'],
    [SECOND, '1s'],
    [12 * SECOND, '12s'],
    [MINUTE - 1, '59s'],
    [MINUTE, '1m'],
    [3 * MINUTE, '3m'],
    [3 * MINUTE + 20 * SECOND, '3m 20s'],
    [HOUR, '1h'],
    [2 * HOUR + 14 * MINUTE + 59 * SECOND, '2h 14m'],
    [2 * HOUR + 59 * SECOND, '2h'],
    [DAY, '1d'],
    [400 * DAY + 23 * HOUR, '400d 23h'],
  ])('of %i ms is %s', (milliseconds, text) => {
    expect(formatAge(milliseconds)).toBe(text);
  });
});

function lock(some: Partial<LockStatus> = {}): LockStatus {
  return {
    name: 'backup',
    path: '/locks/backup.lock',
    state: 'live',
    reason: 'it is alive and has not stalled',
    pid: 4242,
    host: 'db-1',
    command: 'pg_dump shop',
    user: 'shop',
    cwd: null,
    owner: null,
    acquiredAt: new Date(Date.now() - 2 * HOUR - 14 * MINUTE - 30 * SECOND),
    heartbeatAt: new Date(Date.now() - 12 * SECOND),
    heartbeatAgeMs: 12 * SECOND,
    cooldownMs: null,
    staleTimeoutMs: HOUR,
    fencingToken: 1,
    workers: [],
    processes: [{ pid: 4242, role: 'holder', isGroup: false, liveness: 'alive' }],
    progress: null,
    lastRun: null,
    skips: 0,
    usualDurationMs: null,
    ...some,
  };
}
