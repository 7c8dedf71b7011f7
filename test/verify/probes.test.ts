import { constants, linkSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSystemCheck, FileSystemFinding, FileSystemVerdict } from '../../src/index.js';
import { type FileStatus, type FileSystem, systemFileSystem } from '../../src/stores/file/index.js';
import type { Life } from '../../src/system/signs-of-life/sign-of-life.js';
import { systemLife } from '../../src/system/signs-of-life/system.js';
import type { Onlooker, Sight, Sightings } from '../../src/verify/probes/probe-types.js';
import { observe } from '../../src/verify/probes/sharing.js';
import { signsOfLife } from '../../src/verify/probes/signs-of-life.js';
import { probe } from '../../src/verify/verification.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../support/world.js';

/** What another process sees of a file that is replaced, if all is well. */
const ALL_WELL: Sightings = { reads: 300, missing: 0, torn: 0, backwards: 0, errors: [], sawLast: true };

/** Another process that reads the same file system, and sees it as it is unless the test says otherwise. */
function onlookerAt(
  fs: FileSystem,
  changes: { sight?: Partial<Sight>; sightings?: Partial<Sightings> },
): Onlooker {
  return {
    look: async (path) => ({ ...observe(fs, path), ...changes.sight }),
    watch: async () => ({ end: Promise.resolve({ ...ALL_WELL, ...changes.sightings }) }),
  };
}

interface Lie {
  readonly fs?: Partial<FileSystem>;
  readonly sight?: Partial<Sight>;
  readonly sightings?: Partial<Sightings>;
}

async function findingsWith({ fs = {}, ...other }: Lie): Promise<FileSystemFinding[]> {
  // Whatever the tests' own folder is on, it passes for ext4.
  const fileSystem = fileSystemWith({ statfsSync: () => ({ type: 0xef53 }), ...fs });
  const onlooker = onlookerAt(fileSystem, other);
  return probe({ fs: fileSystem, folder: temporaryFolder(), onlooker, now: Date.now });
}

/** Where the calls that the fake lies about are the system's own, all is well. */
function truly<Name extends keyof FileSystem>(name: Name): FileSystem[Name] {
  return systemFileSystem[name];
}

function withStatus(status: FileStatus | undefined, changes: Partial<FileStatus>): FileStatus | undefined {
  return status && Object.assign(Object.create(status), changes);
}

function statusOf(descriptor: number): FileStatus {
  return truly('fstatSync')(descriptor);
}

type Row = readonly [what: string, lie: Lie, FileSystemCheck, FileSystemVerdict, words: RegExp];

const LIES: readonly Row[] = [
  [
    'O_EXCL is ignored',
    { fs: { openSync: (path, flags, mode) => truly('openSync')(path, flags === 'wx' ? 'w' : flags, mode) } },
    'exclusive-create',
    'unsafe',
    /O_EXCL.*although it exists/,
  ],
  [
    'creating what exists fails with another error',
    {
      fs: {
        openSync(path, flags, mode) {
          const isTaken = flags === 'wx' && truly('lstatSync')(path) !== undefined;
          if (isTaken) throw systemError('EACCES');
          return truly('openSync')(path, flags, mode);
        },
      },
    },
    'exclusive-create',
    'limited',
    /EACCES instead of EEXIST/,
  ],
  [
    'there are no hard links',
    {
      fs: {
        linkSync() {
          throw systemError('ENOTSUP', 'link');
        },
      },
    },
    'hard-links',
    'limited',
    /no hard links.*ENOTSUP.*rename instead/,
  ],
  [
    'hard links fail in a way that means something else',
    {
      fs: {
        linkSync() {
          throw systemError('EINVAL', 'link');
        },
      },
    },
    'hard-links',
    'unsafe',
    /EINVAL.*no lock can be created/,
  ],
  [
    'a hard link overwrites what is there',
    {
      fs: {
        linkSync(existing, path) {
          rmSync(path, { force: true });
          linkSync(existing, path);
        },
      },
    },
    'hard-links',
    'unsafe',
    /link.*overwrites/,
  ],
  [
    'a hard link over a file fails with another error',
    {
      fs: {
        linkSync(existing, path) {
          if (truly('lstatSync')(path) !== undefined) throw systemError('EIO', 'link');
          linkSync(existing, path);
        },
      },
    },
    'hard-links',
    'limited',
    /EIO instead of EEXIST/,
  ],
  [
    'hard links are not counted',
    { fs: { lstatSync: (path) => withStatus(truly('lstatSync')(path), { nlink: 1 }) } },
    'hard-links',
    'limited',
    /not counted/,
  ],
  [
    'a new file has a link count of two',
    { fs: { lstatSync: (path) => withStatus(truly('lstatSync')(path), { nlink: 2 }) } },
    'hard-links',
    'unsafe',
    /has a link count of two/,
  ],
  [
    'renaming a folder overwrites one that is not empty',
    {
      fs: {
        renameSync(from, to) {
          rmSync(to, { recursive: true, force: true });
          truly('renameSync')(from, to);
        },
      },
    },
    'exclusive-rename',
    'unsafe',
    /not empty succeeds/,
  ],
  [
    'renaming a folder onto one that is not empty moves it inside',
    {
      fs: {
        renameSync(from, to) {
          const isThere = truly('lstatSync')(to)?.isDirectory();
          truly('renameSync')(from, isThere ? `${to}/${basename(from)}` : to);
        },
      },
    },
    'exclusive-rename',
    'unsafe',
    /not empty succeeds/,
  ],
  [
    'renaming a folder onto one that is not empty fails with another error',
    {
      fs: {
        renameSync(from, to) {
          if (truly('lstatSync')(to)?.isDirectory()) throw systemError('EBUSY', 'rename');
          truly('renameSync')(from, to);
        },
      },
    },
    'exclusive-rename',
    'limited',
    /EBUSY instead of ENOTEMPTY/,
  ],
  [
    'renaming a folder onto an empty one fails with another error',
    {
      fs: {
        renameSync(from, to) {
          const isThere = truly('lstatSync')(to)?.isDirectory();
          if (isThere && truly('readdirSync')(to).length === 0) throw systemError('EIO', 'rename');
          truly('renameSync')(from, to);
        },
      },
    },
    'exclusive-rename',
    'limited',
    /onto an empty one fails with EIO/,
  ],
  [
    'folders cannot be renamed',
    {
      fs: {
        renameSync() {
          throw systemError('EXDEV', 'rename');
        },
      },
    },
    'exclusive-rename',
    'unsafe',
    /depends on fails: EXDEV/,
  ],
  [
    'removing a folder removes what is in it',
    { fs: { rmdirSync: (path) => rmSync(path, { recursive: true }) } },
    'removal',
    'unsafe',
    /rmdir.*not empty/,
  ],
  [
    'removing a file has no effect',
    { fs: { unlinkSync: () => {} } },
    'removal',
    'unsafe',
    /unlink.*still there/,
  ],
  [
    'a folder that is not empty is refused with another error',
    {
      fs: {
        rmdirSync(path) {
          if (truly('readdirSync')(path).length > 0) throw systemError('EIO', 'rmdir');
          truly('rmdirSync')(path);
        },
      },
    },
    'removal',
    'limited',
    /rmdir EIO/,
  ],
  [
    'replacing a file has no effect',
    { fs: { writeFileAtomicSync: () => {} } },
    'replacement',
    'unsafe',
    /does not replace/,
  ],
  [
    'replacing a file leaves another behind',
    {
      fs: {
        writeFileAtomicSync(path, data) {
          writeFileSync(`${path}.nfs0001`, '');
          truly('writeFileAtomicSync')(path, data);
        },
      },
    },
    'replacement',
    'limited',
    /leaves other files behind: lock\.nfs0001/,
  ],
  [
    'a file is overwritten while another process reads it',
    { fs: { writeFileAtomicSync: (path, data) => writeFileSync(path, data) } },
    'replacement',
    'limited',
    /while another process reads it \(newest\)/,
  ],
  [
    'O_NOFOLLOW is ignored',
    {
      fs: {
        openSync: (path, flags, mode) =>
          truly('openSync')(path, typeof flags === 'number' ? flags & ~constants.O_NOFOLLOW : flags, mode),
        // If there is no such flag, this is checked instead.
        lstatSync: (path) => withStatus(truly('lstatSync')(path), { isSymbolicLink: () => false }),
      },
    },
    'symbolic-links',
    'limited',
    /symbolic link.*is followed/,
  ],
  [
    'long names are refused',
    {
      fs: {
        openSync(path, flags, mode) {
          if (basename(path).length > 143) throw systemError('ENAMETOOLONG');
          return truly('openSync')(path, flags, mode);
        },
      },
    },
    'names',
    'limited',
    /ENAMETOOLONG/,
  ],
  [
    'the list of a folder is outdated',
    { fs: { readdirSync: () => [] } },
    'names',
    'unsafe',
    /not in the list/,
  ],
  [
    'files are dated by a clock that is ahead',
    {
      fs: {
        fstatSync: (file) => Object.assign(statusOf(file), { mtimeMs: statusOf(file).mtimeMs + 90_000 }),
      },
    },
    'times',
    'limited',
    /90 seconds ahead/,
  ],
  [
    'files are dated by a clock that is behind',
    {
      fs: { fstatSync: (file) => Object.assign(statusOf(file), { mtimeMs: statusOf(file).mtimeMs - 5_000 }) },
    },
    'times',
    'limited',
    /5 seconds behind/,
  ],
  [
    'another process sees another time of the same file',
    { sight: { mtimeMs: 1 } },
    'times',
    'limited',
    /changes although nobody/,
  ],
  [
    'another process does not see a new file',
    { sight: { text: null } },
    'shared-view',
    'unsafe',
    /does not see a new file/,
  ],
  [
    'another process sees a file that was never there',
    { sight: { text: 'old' } },
    'shared-view',
    'unsafe',
    /does not see an empty folder/,
  ],
  [
    'another process sees a folder as it was before',
    { sight: { names: [] } },
    'shared-view',
    'unsafe',
    /does not see a new file/,
  ],
  [
    'a file is missing while it is replaced',
    { sightings: { missing: 3 } },
    'whole-reads',
    'limited',
    /3 of 300 reads/,
  ],
  [
    'another process goes back to an older version',
    { sightings: { backwards: 1 } },
    'whole-reads',
    'unsafe',
    /older versions/,
  ],
  [
    'another process never sees the last version',
    { sightings: { sawLast: false } },
    'whole-reads',
    'unsafe',
    /older versions/,
  ],
  [
    'a file can be read half-written',
    { sightings: { torn: 7 } },
    'whole-reads',
    'limited',
    /half old, half new/,
  ],
  [
    'a file that is replaced cannot always be read',
    { sightings: { errors: ['ESTALE'] } },
    'whole-reads',
    'limited',
    /ESTALE/,
  ],
];

/** The result of statfs(2) matters only where the library asks for it. */
const LINUX_LIES: readonly Row[] = [
  [
    'it is NFS',
    { fs: { statfsSync: () => ({ type: 0x6969 }) } },
    'reboot',
    'limited',
    /network file system \(nfs\)/,
  ],
  [
    'it is SMB, on a machine whose numbers have 32 bits',
    { fs: { statfsSync: () => ({ type: 0xfe534d42 | 0 }) } },
    'reboot',
    'limited',
    /network file system \(smb2\)/,
  ],
  [
    'it is FUSE',
    { fs: { statfsSync: () => ({ type: 0x65735546 }) } },
    'reboot',
    'limited',
    /\(fuse\) does not show/,
  ],
  [
    'it is anything',
    { fs: { statfsSync: () => ({ type: 1 }) } },
    'reboot',
    'limited',
    /\(unknown.*\) does not show/,
  ],
  [
    'it does not say what it is',
    {
      fs: {
        statfsSync() {
          throw systemError('ENOSYS', 'statfs');
        },
      },
    },
    'reboot',
    'limited',
    /\(unknown.*\) does not show/,
  ],
];

describe('the probe for signs of life', () => {
  const system = systemLife();

  function findings(changes: Partial<Life> | null, fs: Partial<FileSystem> = {}) {
    const fileSystem = fileSystemWith({ statfsSync: () => ({ type: 0xef53 }), ...fs });
    const life: Life = {
      when: 'holding',
      isMovable: true,
      needsLocalFiles: true,
      keep: (path) => system?.keep(path) ?? null,
      ask: (path) => system?.ask(path) ?? Promise.resolve('unknown'),
      ...changes,
    };
    const site = {
      fs: fileSystem,
      folder: temporaryFolder(),
      onlooker: onlookerAt(fileSystem, {}),
      now: Date.now,
    };
    return signsOfLife(site, changes === null ? null : life);
  }

  it('is content with a system that has none', async () => {
    expect(await findings(null)).toMatchObject({
      verdict: 'safe',
      message: expect.stringContaining('no containers'),
    });
  });

  it.runIf(process.platform === 'linux').each<[string, Partial<Life>, Partial<FileSystem>, RegExp]>([
    ['none can be kept', { keep: () => null }, {}, /No process can keep/],
    [
      'none can be linked',
      {},
      {
        linkSync() {
          throw systemError('EPERM', 'link');
        },
      },
      /cannot be linked here \(EPERM\)/,
    ],
    ['none can be asked', { ask: async () => 'unknown' }, {}, /cannot be probed/],
    ['one outlives its process', { ask: async () => 'alive' }, {}, /does not end/],
    ['the file system is not local', {}, { statfsSync: () => ({ type: 0x6969 }) }, /It is not known/],
  ])('sees that %s', async (_, changes, fs, words) => {
    expect(await findings(changes, fs)).toEqual({
      verdict: 'limited',
      message: expect.stringMatching(words),
    });
  });
});

describe('the probes', () => {
  it('find no fault in a file system that works as POSIX requires', async () => {
    const findings = await findingsWith({});
    expect(findings.filter(({ check, verdict }) => verdict !== 'safe' && check !== 'reboot')).toEqual([]);
    expect(findings).toHaveLength(12);
  });

  it.each(LIES)('see that %s', async (_what, lie, check, verdict, words) => {
    expect(await findingsWith(lie)).toContainEqual({ check, verdict, message: expect.stringMatching(words) });
  });

  it.skipIf(process.platform !== 'linux').each(LINUX_LIES)(
    'see that %s',
    async (_what, lie, check, verdict, words) => {
      expect(await findingsWith(lie)).toContainEqual({
        check,
        verdict,
        message: expect.stringMatching(words),
      });
    },
  );

  it('stop between two of them when told to', async () => {
    const stop = new AbortController();
    const onlooker = onlookerAt(systemFileSystem, {});
    const fs = fileSystemWith({
      linkSync() {
        stop.abort(new Error('enough'));
        throw systemError('ENOTSUP', 'link');
      },
    });
    const site = { fs, folder: temporaryFolder(), onlooker, now: Date.now };
    await expect(probe(site, stop.signal)).rejects.toThrow('enough');
  });
});
