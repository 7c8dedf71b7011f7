import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startActor } from '../support/actors.js';
import { canMount, temporaryFolder } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';
import { testSharedLocks } from './support/shared-locks.js';
import { sqliteLocks } from './support/shared-stores.js';

describe.each(['wal', 'delete'])('locks in one SQLite file, journal_mode=%s', (mode) => {
  testSharedLocks(() => sqliteLocks(mode));
});

describe.skipIf(!canMount)(
  'a container in which a database is mounted (by unshare, as root on Linux)',
  () => {
    // `$1` on the host, `$2` in the container.
    const MOUNT = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

    test('without its folder is refused, by the command and by a program', async () => {
      const { database, within, path } = containerWith('shop.db');
      const args = ['run', '--store', `sqlite:${path}`, 'import', '--', 'echo', 'never'];
      const [unshare = '', ...rest] = [...within, process.execPath, PROGRAM, ...args];
      expect(await new Desk().startProgram(unshare, rest).ended).toMatchObject({
        code: 73,
        stdout: '',
        stderr: oneLineWith('it is mounted without its folder'),
      });

      const actor = await startActor({ store: ['sqlite', path], within });
      expect(await actor.ask({ do: 'acquire', path: 'import' })).toMatchObject({
        outcome: 'refused',
        code: 'ERR_LOCK_SECOND_NAME',
        message: expect.stringContaining('is mounted without its folder'),
      });

      const host = await startActor({ store: ['sqlite', database] });
      expect(await host.ask({ do: 'acquire', path: 'import' })).toMatchObject({ outcome: 'done' });
    });

    test('with its folder sees the locks of the host', async () => {
      const { database, within, path } = containerWith('');
      const host = await startActor({ store: ['sqlite', database] });
      expect(await host.ask({ do: 'acquire', path: 'import' })).toMatchObject({ outcome: 'done' });

      const actor = await startActor({ store: ['sqlite', path], within });
      expect(outcomeOf(await actor.ask({ do: 'acquire', path: 'import' }))).toBe('busy');
    });

    function containerWith(mounted: string) {
      const folder = temporaryFolder();
      const [onHost, inside] = [join(folder, 'srv'), join(folder, 'my data')];
      for (const each of [onHost, inside]) {
        mkdirSync(each);
        writeFileSync(join(each, 'shop.db'), '');
      }
      const paths = [join(onHost, mounted), join(inside, mounted)];
      return {
        database: join(onHost, 'shop.db'),
        path: join(inside, 'shop.db'),
        within: ['unshare', '--mount', 'sh', '-c', MOUNT, 'sh', ...paths],
      };
    }
  },
);
