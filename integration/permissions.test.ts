import { execFile } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor } from '../support/actors.js';
import {
  canBeNobody,
  canMount,
  isLinux,
  isPosix,
  isRoot,
  NOBODY,
  temporaryFolder,
} from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { refusal } from './support/refusals.js';
import { deadRecord } from './support/remains.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'job.lock');
});

describe.skipIf(!isPosix || (isRoot && !canBeNobody))('in a folder of someone else', () => {
  test('a lock cannot be created', async () => {
    const actor = await startStranger();

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'create the lock', 'EACCES'));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the lock of a dead holder cannot be taken over', async () => {
    const record = await deadRecord();
    writeFileSync(path, record);
    const actor = await startStranger();

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'take over the lock', 'EACCES'));
    expect(readdirSync(folder)).toEqual(['job.lock']);
    expect(readFileSync(path, 'utf8')).toBe(record);
  });

  test('that is closed, a lock cannot even be read', async () => {
    const actor = await startStranger();
    chmodSync(folder, 0);

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'read the lock', 'EACCES'));
  });

  test('that was closed while a lock is held, the lock stays held until it is open again', async () => {
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    const holder = await startActor(isRoot ? { user: NOBODY } : {});
    expect(outcomeOf(await holder.ask({ do: 'acquire', path }))).toBe('done');
    chmodSync(folder, 0o555);

    expect(await holder.ask({ do: 'heartBeat', path })).toEqual(
      refusal(path, 'write a heartbeat to the lock', 'EACCES'),
    );
    expect(await holder.ask({ do: 'release', path })).toEqual(refusal(path, 'release the lock', 'EACCES'));
    expect(readdirSync(folder)).toEqual(['job.lock']);

    chmodSync(folder, 0o755);
    expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('done');
    expect(outcomeOf(await holder.ask({ do: 'release', path }))).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  /** A user who can read the folder, but not change it. */
  async function startStranger(): Promise<Actor> {
    if (isRoot) return startActor({ user: NOBODY });
    chmodSync(folder, 0o555);
    return startActor();
  }
});

test.skipIf(!isLinux)(
  "under Node's permission model, the error says what to allow, and then it works",
  async () => {
    const isStable = process.allowedNodeEnvironmentFlags.has('--permission');
    const acquireWith = async (...flags: string[]) => {
      const program =
        "require('./dist').acquire(process.argv[1]).then((lock) => lock.release()).then(() => 'done', String).then(console.log)";
      const parameters = [isStable ? '--permission' : '--experimental-permission', '--no-warnings', ...flags];
      const { stdout } = await promisify(execFile)(process.execPath, [...parameters, '-e', program, path], {
        cwd: PROJECT,
      });
      return stdout;
    };
    const reading = [`--allow-fs-read=${PROJECT}`, `--allow-fs-read=${folder}/`];
    const allowed = '--allow-fs-read=/proc/ --allow-fs-write=/proc/self/fd/';

    const refused = await acquireWith(...reading, `--allow-fs-write=${folder}/`);
    expect(refused).toMatch(`ErrLockStore: Cannot create the lock ${path}: `);
    expect(refused).toMatch(`add \`${allowed}\`.`);
    expect(await acquireWith(...reading, `--allow-fs-write=${folder}/`, ...allowed.split(' '))).toBe(
      'done\n',
    );
  },
);

describe.skipIf(!canMount || !canBeNobody)(
  'where /proc hides the holder (hidepid=2, as root on Linux)',
  () => {
    test('a live one is respected, and a dead one is known to be dead', async () => {
      chmodSync(folder, 0o777);
      const holder = await startActor();
      const stranger = await startBlindStranger();
      await holder.ask({ do: 'acquire', path });

      expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('busy');
      await holder.kill();
      expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('done');
    });

    function startBlindStranger(): Promise<Actor> {
      const script =
        'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid="$0" --regid="$0" --clear-groups "$@"';
      return startActor({ within: ['unshare', '--mount', 'sh', '-c', script, String(NOBODY)] });
    }
  },
);
