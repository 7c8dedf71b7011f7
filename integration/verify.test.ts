import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type FileSystemReport, verifyFileSystem } from 'livinglock';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { death } from '../support/actors.js';
import {
  canBeNobody,
  canMount,
  canMountFuse,
  canMountImages,
  childrenOf,
  isLinux,
  NOBODY,
  temporaryFolder,
  waitForEndOf,
} from '../support/machine.js';
import { complaintsOf, contentionIn, reportOf, startVerifying, verify } from './support/verification.js';

const DURATION = 1000;
const BRIEFLY = ['--json', '--duration', `${DURATION}ms`];

describe('real processes find no fault', () => {
  test('in the folder for temporary files, and leave nothing behind', async () => {
    const folder = temporaryFolder();
    const before = ownChildren();

    const report = await verifyFileSystem(folder, { duration: DURATION, processes: 3 });

    expectAllWell(report);
    expect(report).toMatchObject({ directory: folder, figures: { processes: 3 } });
    expect(readdirSync(folder)).toEqual([]);
    expect(ownChildren().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  test.skipIf(!existsSync('/dev/shm'))('in memory (on tmpfs, if there is /dev/shm)', async () => {
    const folder = mkdtempSync('/dev/shm/livinglock-integration-');
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));

    const report = reportOf(await verify(folder, { parameters: BRIEFLY }));

    expectAllWell(report);
    expect(report).toMatchObject({ fileSystem: 'tmpfs', verdict: 'safe' });
  });

  test.skipIf(!canMount)(
    'in the folder of a container (on overlayfs, mounted, as root on Linux)',
    async () => {
      const report = await verifyMounted(
        'mount -t tmpfs none "$1" && mkdir "$1/lower" "$1/upper" "$1/work" "$1/mount" && ' +
          'mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/mount"',
      );

      expectAllWell(report);
      expect(report).toMatchObject({ fileSystem: 'overlayfs', verdict: 'safe' });
    },
  );

  test.skipIf(!canMountImages)('on a disk of its own (ext4 by a loop device, as root on Linux)', async () => {
    const report = await verifyMounted(
      'mkdir "$1/mount" && truncate -s 16M "$1/image" && mkfs.ext4 -q "$1/image" && mount -o loop "$1/image" "$1/mount"',
    );

    expectAllWell(report);
    expect(report).toMatchObject({ fileSystem: 'ext4', verdict: 'safe' });
  });

  test.skipIf(!canMountFuse)(
    'on FUSE (by bindfs, as root on Linux), but cannot tell what is behind it',
    async () => {
      const report = await verifyMounted('mkdir "$1/mount" "$1/behind" && bindfs "$1/behind" "$1/mount"');

      expectExclusion(report);
      expect(report).toMatchObject({ fileSystem: 'fuse', verdict: 'limited' });
      expect(report.findings).toContainEqual(
        expect.objectContaining({ check: 'reboot', verdict: 'limited' }),
      );
      expect(report.findings).toContainEqual(
        expect.objectContaining({ check: 'signs-of-life', verdict: 'limited' }),
      );
    },
  );
});

describe('where each process sees a lock of its own', () => {
  test('the witness sees two at once, although no lock is lost', async () => {
    const folder = temporaryFolder();
    const views = fileURLToPath(new URL('../build/support/programs/private-views.js', import.meta.url));
    // Only the contending processes load it.
    vi.stubEnv('NODE_OPTIONS', `--import ${pathToFileURL(views)}`);
    onTestFinished(() => void vi.unstubAllEnvs());

    const report = await verifyFileSystem(folder, { duration: DURATION });

    expect(report.verdict).toBe('unsafe');
    expect(complaintsOf(report)).toContainEqual({
      check: 'exclusion',
      verdict: 'unsafe',
      message: expect.stringMatching(/^Two processes held the lock at once/),
    });
    expect(report.figures.overlaps).toBeGreaterThan(0);
    expect(report.advice).toMatch(/Do not keep a lock here/);
  });
});

describe('a verification that does not finish', () => {
  test('because it is aborted rejects with the reason, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const before = ownChildren();
    const abortion = new AbortController();
    const verifying = verifyFileSystem(folder, { duration: '1m', signal: abortion.signal });
    const outcome = expect(verifying).rejects.toThrow('enough');
    await contentionIn(folder);

    abortion.abort(new Error('enough'));

    await outcome;
    expect(readdirSync(folder)).toEqual([]);
    expect(ownChildren().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  test.skipIf(!isLinux)(
    'because its process is ended leaves nothing behind (seen by /proc, on Linux)',
    async () => {
      const folder = temporaryFolder();
      const program = startVerifying(folder, { parameters: ['--duration', '1m'] });
      await contentionIn(folder);
      const helpers = childrenOf(program.pid);

      program.kill('SIGTERM');

      await death(program);
      expect(readdirSync(folder)).toEqual([]);
      expect(helpers.length).toBeGreaterThan(0);
      await waitForEndOf(helpers);
    },
  );

  test.skipIf(!isLinux)(
    'because its process is killed leaves no process behind (seen by /proc, on Linux)',
    async () => {
      const folder = temporaryFolder();
      const program = startVerifying(folder, { parameters: ['--duration', '1m'] });
      await contentionIn(folder);
      const helpers = childrenOf(program.pid);

      program.kill('SIGKILL');

      expect(helpers.length).toBeGreaterThan(0);
      await waitForEndOf(helpers);
    },
  );
});

describe('the command', () => {
  test('says in plain words that the folder is safe, and exits with 0', async () => {
    const { code, output } = await verify(temporaryFolder(), { parameters: ['--duration', '500ms'] });

    expect(output).toMatch(/^\/.* is (?:safe|limited): .*\n\n {2}ok {7}Creating a file exclusively/);
    expect(code).toBe(0);
  });

  test('names a folder that does not exist', async () => {
    const folder = join(temporaryFolder(), 'none');

    const { code, errors } = await verify(folder);

    expect(errors).toMatch(`Cannot verify ${folder}: ENOENT`);
    expect(code).toBe(66);
  });

  test.each([
    {
      parameters: ['--processes', 'many'],
      complaint: /'many' is invalid\. It must be a whole number of at least 2/,
    },
    { parameters: ['--duration', '0'], complaint: /'0' is invalid\. It must be more than 0/ },
    { parameters: ['one-more'], complaint: /too many arguments/ },
  ])('refuses $parameters in one line', async ({ parameters, complaint }) => {
    const { code, errors } = await verify('.', { parameters });

    expect(errors).toMatch(complaint);
    expect(errors).toMatch(/^livinglock: .*\n$/);
    expect(code).toBe(64);
  });

  test.skipIf(!canBeNobody)(
    'names a folder of someone else (as root, where others can read this checkout)',
    async () => {
      const folder = temporaryFolder();

      const { code, errors } = await verify(folder, { user: NOBODY });

      expect(errors).toMatch(`Cannot verify ${folder}: EACCES`);
      expect(code).toBe(66);
    },
  );
});

function expectAllWell(report: FileSystemReport): void {
  expect(complaintsOf(report)).toEqual([]);
  expectExclusion(report);
}

function expectExclusion(report: FileSystemReport): void {
  expect(report.findings.filter(({ verdict }) => verdict === 'unsafe')).toEqual([]);
  expect(report.figures).toMatchObject({ overlaps: 0, losses: 0, failures: 0 });
  expect(report.figures.acquisitions).toBeGreaterThan(0);
}

/** On a file system that a script mounts at `$1/mount`. Only the processes started here see it, and only while they live. */
async function verifyMounted(script: string): Promise<FileSystemReport> {
  const folder = temporaryFolder();
  const container = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const within = [...container, 'sh', '-c', `${script} && shift && exec "$@"`, 'sh', folder];
  return reportOf(await verify(join(folder, 'mount'), { within, parameters: BRIEFLY }));
}

/** Seen by `/proc`, on Linux. Other test files of this worker may have servers that still run. */
function ownChildren(): readonly number[] {
  return isLinux ? childrenOf(process.pid) : [];
}
